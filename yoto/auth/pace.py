"""Saying something once in a while however often it happens."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

MOST = 1_000  # keys that are remembered


class Pace:
    """Says yes once in an interval for each key, and forgets the oldest. Safe for threads."""

    def __init__(
        self,
        interval: float,
        most: int = MOST,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._interval = interval
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def allows(self, *key: str) -> bool:
        """Whether the last yes to ``key`` was long enough ago."""
        now = self._clock()
        with self._lock:
            last = self._last.get(key)
            if last is not None and now - last < self._interval:
                return False
            self._last[key] = now
            self._last.move_to_end(key)
            while len(self._last) > self._most:
                self._last.popitem(last=False)
        return True
