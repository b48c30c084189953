"""The events that prefetching publishes."""

from __future__ import annotations

from typing import Literal

from yoto.events import Event, event_type


@event_type("prefetch.turned")
class PrefetchTurned(Event, frozen=True, kw_only=True):
    """A process turned its prefetching down, because too little of it was used, or up again.

    Attributes:
        down: whether next to nothing is prefetched from now on.
        precision: share of recent prefetches that were used, 0 to 1; None: unknown.
    """

    down: bool
    precision: float | None = None


@event_type("prefetch.steered")
class PrefetchSteered(Event, frozen=True, kw_only=True):
    """An operator asked one worker to pause its prefetching, to go on, or to cancel a prefetch; the
    worker receives the order by this event.

    Attributes:
        worker: the instance.
        act: the order.
        task_id: the prefetch to cancel.
        by, reason: the actor, and why.
    """

    worker: str
    act: Literal["pause", "resume", "cancel"]
    task_id: int | None = None
    by: str = ""
    reason: str = ""
