"""Backends for measurements: memory, Redis, Prometheus, behind one interface."""

from .interface import Backend, BackendHealth, Reading, Totals, WorkerState, WorkerStatus
from .memory import MemoryBackend
from .prometheus import PrometheusBackend
from .shared import RedisBackend

__all__ = [
    "Backend",
    "BackendHealth",
    "MemoryBackend",
    "PrometheusBackend",
    "Reading",
    "RedisBackend",
    "Totals",
    "WorkerState",
    "WorkerStatus",
]
