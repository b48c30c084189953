"""Redis as this process sees it: connected or not, outages, and decisions during them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from yoto.events import EventStream, StoreLost, StoreRecovered

from .store_error import StoreHealth


class StoreState(StrEnum):
    """``unknown``: Redis was not needed yet."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The state of Redis for this process.

    Attributes:
        state: see ``StoreState``.
        degraded_for: seconds since Redis was lost; 0 while it is there.
        losses: how often it was lost, ever.
        lost_seconds: how long it was unavailable, ever, this loss included.
        answered_locally: calls that guards decided without Redis, ever.
        store_errors: script calls that failed, ever.
    """

    state: StoreState
    degraded_for: float
    losses: int
    lost_seconds: float
    answered_locally: int
    store_errors: int


class StoreMonitor:
    """Follows one store; a loss and its end become events once the store is back."""

    def __init__(
        self,
        stream: EventStream,
        guards: Callable[[], Iterable[StoreHealth]],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """``guards``: the health of every guard of this process, as it is when asked; ``wall``:
        seconds since 1970."""
        self._stream = stream
        self._guards = guards
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._known = False
        self._lost_at: float | None = None
        self._answered_before = 0
        self._losses = 0
        self._lost_seconds = 0.0

    def observe(self, responds: bool) -> None:
        """Note whether Redis responded just now."""
        now, answered = self._clock(), self._answered()
        with self._lock:
            self._known = True
            lost_at = self._lost_at
            if responds == (lost_at is None):
                return
            if not responds:
                self._lost_at = now
                self._losses += 1
                self._answered_before = answered
                return
            self._lost_at = None
            seconds = now - (lost_at or now)
            self._lost_seconds += seconds
            locally = answered - self._answered_before
        lost_ms = round(seconds * 1000)
        # The stream has the time of the recovery: before it nothing could be written.
        at_ms = round(self._wall() * 1000) - lost_ms
        self._stream.publish(StoreLost(store="redis", at_ms=at_ms))
        self._stream.publish(
            StoreRecovered(store="redis", lost_ms=lost_ms, answered_locally=locally)
        )

    def status(self) -> StoreStatus:
        """The state now; no round trip."""
        healths = list(self._guards())
        with self._lock:
            lost_for = 0.0 if self._lost_at is None else self._clock() - self._lost_at
            known, lost = self._known, self._lost_at is not None
            losses, seconds = self._losses, self._lost_seconds + lost_for
        degraded_for = max([lost_for, *(health.degraded_for for health in healths)])
        if lost or any(health.degraded for health in healths):
            state = StoreState.DEGRADED
        else:
            state = StoreState.HEALTHY if known else StoreState.UNKNOWN
        return StoreStatus(
            state=state,
            degraded_for=degraded_for,
            losses=losses,
            lost_seconds=seconds,
            answered_locally=sum(health.answered_locally for health in healths),
            store_errors=sum(health.store_errors for health in healths),
        )

    def _answered(self) -> int:
        return sum(health.answered_locally for health in self._guards())
