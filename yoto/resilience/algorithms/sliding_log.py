"""Sliding log: every admitted unit is remembered for a window, so the limit is exact."""

from __future__ import annotations

from collections import deque

from .meter import whole_units_left
from .quota import Quota, Status


class SlidingLog:
    """No interval of a window's length ever holds more than the limit; memory grows with use."""

    __slots__ = ("_entries", "_used")

    def __init__(self, now: float) -> None:
        self._entries: deque[tuple[float, float]] = deque()
        self._used = 0.0

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.limit:
            return quota.window
        excess = self.used(now, quota) + cost - quota.limit
        if excess <= 0:
            return 0.0
        for at, units in self._entries:
            excess -= units
            if excess <= 0:
                return at + quota.window - now
        return quota.window

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        self._forget(now, quota.window)
        if cost > 0:
            self._entries.append((now, cost))
            self._used += cost
        while cost < 0 and self._entries:
            at, units = self._entries.pop()
            back = min(units, -cost)
            cost += back
            self._used -= back
            if units > back:
                self._entries.append((at, units - back))

    def used(self, now: float, quota: Quota) -> float:
        self._forget(now, quota.window)
        return self._used

    def status(self, now: float, quota: Quota) -> Status:
        left = whole_units_left(quota.limit, self.used(now, quota))
        reset = self._entries[-1][0] + quota.window - now if self._entries else 0.0
        return Status(left, reset)

    def _forget(self, now: float, window: float) -> None:
        if self._entries and self._entries[-1][0] > now:
            self._entries = deque((min(at, now), units) for at, units in self._entries)
        while self._entries and self._entries[0][0] <= now - window:
            self._used -= self._entries.popleft()[1]
