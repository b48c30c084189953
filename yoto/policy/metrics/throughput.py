"""The recent rate a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

WINDOW_SECONDS = 10


class Throughput:
    """Counts by the second; not thread-safe."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._seconds: dict[int, int] = {}

    def add(self) -> None:
        """Count one."""
        second = int(self._clock())
        if second not in self._seconds:
            oldest = second - WINDOW_SECONDS
            self._seconds = {at: count for at, count in self._seconds.items() if at >= oldest}
            self._seconds[second] = 0
        self._seconds[second] += 1

    def per_second(self) -> float:
        """The mean over the last ``WINDOW_SECONDS`` whole seconds, or since the beginning."""
        now = self._clock()
        current = int(now)
        window = min(float(WINDOW_SECONDS), now - self._began)
        if window < 1:
            return float(sum(self._seconds.values()))
        counted = sum(
            count for at, count in self._seconds.items() if current - WINDOW_SECONDS <= at < current
        )
        return counted / window
