"""Backends for measurements, memory and Redis, behind one interface; and Prometheus's scrape."""

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
