"""What is told of workers."""

from __future__ import annotations

from yoto.events import Event, event_type


@event_type("worker.steered")
class WorkerSteered(Event, frozen=True, kw_only=True):
    """Somebody asked a worker to drain, or to take what comes again; it hears so by this.

    Attributes:
        worker: the instance.
        draining: what is asked for.
        by, reason: who, and why.
    """

    worker: str
    draining: bool
    by: str = ""
    reason: str = ""


@event_type("worker.drained")
class WorkerDrained(Event, frozen=True, kw_only=True):
    """A worker takes no new sockets, and says that it is not ready.

    Attributes:
        worker: the instance.
        until_ms: when it takes what comes again, if nobody says so before; ms since 1970.
        by, reason: of the order.
    """

    worker: str
    until_ms: int
    by: str = ""
    reason: str = ""


@event_type("worker.resumed")
class WorkerResumed(Event, frozen=True, kw_only=True):
    """A worker takes what comes again: its order was taken back, or ran out."""

    worker: str
