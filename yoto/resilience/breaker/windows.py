"""The sliding windows of a breaker, as numbers. The scripts keep the same in ``lua/window.lua``."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from ..settings import CircuitBreakerConfig, WindowType

# Buckets of a time window: a failure is dropped at nine to ten tenths of the window.
BUCKETS = 10


class Counts(NamedTuple):
    """The counts in a window."""

    calls: int = 0
    failures: int = 0
    slow: int = 0


class OutcomeWindow(Protocol):
    """Remembers outcomes and forgets old ones."""

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """Count a call."""
        ...

    def counts(self, now: float) -> Counts:
        """The counts in the window now."""
        ...


class CountWindow:
    """The last ``size`` calls."""

    def __init__(self, size: int) -> None:
        self._outcomes: deque[tuple[bool, bool]] = deque(maxlen=size)

    def add(self, now: float, failed: bool, slow: bool) -> None:
        self._outcomes.append((failed, slow))

    def counts(self, now: float) -> Counts:
        return Counts(
            len(self._outcomes),
            sum(failed for failed, _ in self._outcomes),
            sum(slow for _, slow in self._outcomes),
        )


class TimeWindow:
    """The last ``size`` seconds, in buckets of a tenth, each of which leaves ``size`` seconds after
    its start."""

    def __init__(self, size: float) -> None:
        self._size = size
        self._width = size / BUCKETS
        self._buckets: dict[float, Counts] = {}

    def add(self, now: float, failed: bool, slow: bool) -> None:
        self._forget(now)
        start = now // self._width * self._width
        calls, failures, slows = self._buckets.get(start, Counts())
        self._buckets[start] = Counts(calls + 1, failures + failed, slows + slow)

    def counts(self, now: float) -> Counts:
        self._forget(now)
        kept = self._buckets.values()
        return Counts(
            sum(bucket.calls for bucket in kept),
            sum(bucket.failures for bucket in kept),
            sum(bucket.slow for bucket in kept),
        )

    def _forget(self, now: float) -> None:
        for start in [start for start in self._buckets if start <= now - self._size]:
            del self._buckets[start]


def new_window(config: CircuitBreakerConfig) -> OutcomeWindow:
    """An empty window of the configured kind and size."""
    if config.window_type is WindowType.COUNT:
        return CountWindow(config.window_size)
    return TimeWindow(config.window_size)
