"""Every worker of the application: what it tells of itself, and who is asked to drain."""

from .extension import Fleet
from .facts import WorkerDrained, WorkerResumed, WorkerSteered
from .member import Drain, Worker, WorkerState
from .roster import GONE_AFTER_MS, LOST_FOR_MS, Roster
from .service import BEAT_SECONDS, FleetService

__all__ = [
    "BEAT_SECONDS",
    "GONE_AFTER_MS",
    "LOST_FOR_MS",
    "Drain",
    "Fleet",
    "FleetService",
    "Roster",
    "Worker",
    "WorkerDrained",
    "WorkerResumed",
    "WorkerState",
    "WorkerSteered",
]
