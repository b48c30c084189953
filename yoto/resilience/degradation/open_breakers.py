"""The open breakers known to this process, without a round trip."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable

from yoto.events import BreakerTransitioned, StoredEvent

from ..breaker import BreakerOpenedLocally, BreakerState, State

_NOT_OPEN = frozenset({State.CLOSED, State.HALF_OPEN, State.DISABLED, State.METRICS_ONLY})


class OpenBreakers:
    """Follows transitions, and reads the breakers anew when some may have been missed.

    A breaker counts as open only until it admits a probe: a feature that is switched off by
    its breaker must be tried again, or the breaker would never learn that it may close.
    """

    def __init__(self, instance: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._instance = instance
        self._clock = clock
        self._until: dict[str, float] = {}

    def __contains__(self, name: str) -> bool:
        until = self._until.get(name)
        return until is not None and until > self._clock()

    def hear(self, stored: StoredEvent) -> None:
        """Take note of a ``BreakerTransitioned`` or ``BreakerOpenedLocally``."""
        event = stored.event
        if isinstance(event, BreakerTransitioned):
            if event.new == State.OPEN:
                self._until[event.name] = self._clock() + event.retry_after_ms / 1000
            elif event.new == State.ISOLATED:
                self._until[event.name] = math.inf
            else:
                self._until.pop(event.name, None)
        elif isinstance(event, BreakerOpenedLocally) and event.instance == self._instance:
            self._until[event.name] = self._clock() + event.retry_after_ms / 1000

    def look(self, states: Iterable[BreakerState]) -> None:
        """Take over snapshots of breakers; breakers that are not among them are forgotten."""
        now = self._clock()
        self._until = {
            state.name: now + state.until
            for state in states
            if state.state not in _NOT_OPEN and state.until > 0
        }
