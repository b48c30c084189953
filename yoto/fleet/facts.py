"""Events about workers."""

from __future__ import annotations

from yoto.events import Event, event_type


@event_type("worker.steered")
class WorkerSteered(Event, frozen=True, kw_only=True):
    """An operator asked a worker to drain or to resume; the worker receives the order by this.

    Attributes:
        worker: the instance.
        draining: whether it is to drain.
        by, reason: the operator, and why.
    """

    worker: str
    draining: bool
    by: str = ""
    reason: str = ""


@event_type("worker.drained")
class WorkerDrained(Event, frozen=True, kw_only=True):
    """A worker accepts no new sockets and reports that it is not ready.

    Attributes:
        worker: the instance.
        until_ms: when it resumes by itself; ms since 1970.
        by, reason: the order's operator, and why.
    """

    worker: str
    until_ms: int
    by: str = ""
    reason: str = ""


@event_type("worker.resumed")
class WorkerResumed(Event, frozen=True, kw_only=True):
    """A worker resumed: its order to drain was withdrawn, or expired."""

    worker: str


@event_type("worker.ended")
class WorkerEnded(Event, frozen=True, kw_only=True):
    """A worker is no more, or was not heard for so long that it must be taken to be.

    Attributes:
        worker: the instance.
        how: ``shutdown``: it said so itself; ``signal``, ``exit``: its supervisor saw how;
            ``silent``: nobody saw how, and the others have heard nothing of it.
        signal: the name of the signal that ended it, such as ``SIGKILL``.
        code: its exit code; None after a signal.
    """

    worker: str
    how: str
    signal: str = ""
    code: int | None = None
