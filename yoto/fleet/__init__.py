"""Who is alive, what each worker says of itself, and who is asked to drain."""

from .extension import Fleet
from .member import Worker, WorkerState
from .roster import BEAT_SECONDS, GONE_AFTER_MS, LOST_FOR_MS, Roster
from .service import wait_for_acknowledgement

__all__ = [
    "BEAT_SECONDS",
    "GONE_AFTER_MS",
    "LOST_FOR_MS",
    "Fleet",
    "Roster",
    "Worker",
    "WorkerState",
    "wait_for_acknowledgement",
]
