"""Every worker of the application: what it tells of itself, and who is asked to drain."""

from .extension import Fleet
from .member import Worker, WorkerState
from .roster import LOST_FOR_MS, Roster

__all__ = [
    "LOST_FOR_MS",
    "Fleet",
    "Roster",
    "Worker",
    "WorkerState",
]
