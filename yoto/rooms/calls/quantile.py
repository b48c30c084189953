"""A quantile of the latest durations of a service's attempts."""

from __future__ import annotations

import threading
from collections import deque

# Durations that it is taken of, and the fewest that say anything.
KEPT, ENOUGH = 256, 50
# Additions after which it is taken anew: the order of 256 numbers costs some 10 us.
RENEWED = 16


class Quantile:
    """Safe for threads and greenlets."""

    def __init__(self, share: float) -> None:
        """``share``: 0.95 for the duration that 95 % of attempts do not exceed."""
        self.share = share
        self._latest: deque[float] = deque(maxlen=KEPT)
        self._since = 0
        self._value: float | None = None
        self._lock = threading.Lock()

    @property
    def value(self) -> float | None:
        """Seconds; None: too few are known."""
        return self._value

    def add(self, seconds: float) -> None:
        """An attempt took so long."""
        with self._lock:
            self._latest.append(seconds)
            self._since += 1
            if len(self._latest) >= ENOUGH and (self._value is None or self._since >= RENEWED):
                ordered = sorted(self._latest)
                # The nearest rank.
                self._value = ordered[min(len(ordered) - 1, int(self.share * len(ordered)))]
                self._since = 0
