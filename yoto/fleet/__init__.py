"""The list of live workers, the facts that each reports, and orders to drain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from .member import End, Worker, WorkerState
from .roster import BEAT_SECONDS, GONE_AFTER_MS, LOST_FOR_MS, Roster

if TYPE_CHECKING:
    from .extension import Fleet
    from .workers import wait_for_acknowledgement
else:
    # Guards are on the roster; only applications with more than guards drain their workers.
    __getattr__ = exports(__name__, {"Fleet": ".extension", "wait_for_acknowledgement": ".workers"})

__all__ = [
    "BEAT_SECONDS",
    "GONE_AFTER_MS",
    "LOST_FOR_MS",
    "End",
    "Fleet",
    "Roster",
    "Worker",
    "WorkerState",
    "wait_for_acknowledgement",
]
