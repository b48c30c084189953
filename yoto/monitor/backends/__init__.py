"""Backends for measurements: memory, Redis, Prometheus, behind one interface."""

from .failures import FailureKind
from .interface import Backend, BackendHealth, Reading, Totals, WorkerState, WorkerStatus
from .memory import MemoryBackend
from .prometheus import PrometheusBackend
from .shared import RedisBackend

__all__ = [
    "Backend",
    "BackendHealth",
    "FailureKind",
    "MemoryBackend",
    "PrometheusBackend",
    "Reading",
    "RedisBackend",
    "Totals",
    "WorkerState",
    "WorkerStatus",
]
