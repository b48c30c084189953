"""Counters, gauges and histograms that many threads write without a lock and without losses.

Writes go to a ``deque``, whose ``append`` and ``popleft`` are atomic by its
documentation; a reader takes everything out and adds it up. So sums are exact, whatever the
interpreter does between two instructions of ``+=``, and a write costs an append and a comparison.
A writer that finds many values waiting adds them up itself, so that no reader has to come in time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from math import isfinite

from .distribution import Distribution

# Values that may wait: a few hundred KB at most, with one locking for that many writes.
MOST_WAITING = 4096


class Counter:
    """A number that only grows. ``add`` is for the hot path, ``drain`` for the recorder."""

    __slots__ = ("_append", "_lock", "_sum", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[float] = deque()
        self._append: Callable[[float], None] = self._waiting.append
        self._lock = threading.Lock()
        self._sum: float = 0

    def add(self, amount: float = 1) -> None:
        """Count ``amount``, which must not be negative."""
        self._append(amount)
        if len(self._waiting) > MOST_WAITING:
            with self._lock:
                self._fold()

    def drain(self) -> float:
        """The additions since the last call."""
        with self._lock:
            self._fold()
            found, self._sum = self._sum, 0
        return found

    def _fold(self) -> None:
        take = self._waiting.popleft
        # Only the values waiting now, since others are added meanwhile, and only the lock's holder
        # takes.
        self._sum += sum([take() for _ in range(len(self._waiting))])


class Gauge:
    """A value that goes up and down; the last one set counts."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value: float | None = None

    def set(self, value: float) -> None:
        """Set the present value."""
        self._value = value

    def read(self) -> float | None:
        """The value; None if none was set, or it is not a number."""
        value = self._value
        return value if value is not None and isfinite(value) else None


class Histogram:
    """Counts durations in seconds by bucket."""

    __slots__ = ("_append", "_found", "_lock", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[float] = deque()
        self._append: Callable[[float], None] = self._waiting.append
        self._lock = threading.Lock()
        self._found = Distribution()

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._append(seconds)
        if len(self._waiting) > MOST_WAITING:
            with self._lock:
                self._fold()

    def drain(self) -> Distribution:
        """The observations since the last call."""
        with self._lock:
            self._fold()
            found, self._found = self._found, Distribution()
        return found

    def _fold(self) -> None:
        take = self._waiting.popleft
        self._found.add_all([take() for _ in range(len(self._waiting))])
