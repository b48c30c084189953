"""The events that prefetching tells."""

from __future__ import annotations

from app.core.events import Event, event_type


@event_type("prefetch.turned")
class PrefetchTurned(Event, frozen=True, kw_only=True):
    """A process turned its prefetching down, because too little of it was used, or up again.

    Attributes:
        down: whether next to nothing is prefetched from now on.
        precision: share of prefetches of late that were used, 0 to 1; None: unknown.
    """

    down: bool
    precision: float | None = None
