"""Detects slow evaluations."""

from __future__ import annotations

import enum
import threading
from collections import deque
from statistics import median

# Evaluations in the median, and the least for a conclusion: a single one that the machine held up
# says nothing about the policies.
WINDOW = 21
MINIMUM = 7


class Pace(enum.Enum):
    """The speed of evaluations."""

    FINE = "fine"
    SLOW = "slow"
    TOO_SLOW = "too_slow"


class SlowWatch:
    """The median of the last evaluations against two bounds. Safe for threads."""

    def __init__(self, alert_ms: float, limit_ms: float) -> None:
        self._alert_us, self._limit_us = alert_ms * 1000, limit_ms * 1000
        self._lock = threading.Lock()
        self._window: deque[float] = deque(maxlen=WINDOW)

    def add(self, latency_us: float) -> Pace:
        """Note an evaluation; how fast they are by now."""
        with self._lock:
            self._window.append(latency_us)
            # Everything is below the bound: the usual case, without sorting anything.
            if latency_us < self._alert_us or len(self._window) < MINIMUM:
                return Pace.FINE
        return self.pace()

    def pace(self) -> Pace:
        """The speed of evaluations."""
        with self._lock:
            if len(self._window) < MINIMUM:
                return Pace.FINE
            middle = median(self._window)
        if middle < self._alert_us:
            return Pace.FINE
        return Pace.SLOW if middle < self._limit_us else Pace.TOO_SLOW

    def median_ms(self) -> float:
        """The median that is judged; 0.0 before the first evaluation."""
        with self._lock:
            return median(self._window) / 1000 if self._window else 0.0

    def forget(self) -> None:
        """Judge only later evaluations."""
        with self._lock:
            self._window.clear()
