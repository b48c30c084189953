"""Sliding log: every admitted unit is remembered for a window, so the limit is exact."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .meter import Quota, Status, whole_units_left


class _Longer(NamedTuple):
    """A window that was made shorter live, and still counts for units charged in it."""

    length: float
    ends: float


class SlidingLog:
    """No interval of a window's length ever holds more than the limit; memory grows with use."""

    __slots__ = ("_entries", "_longer", "_used", "_window")

    def __init__(self, now: float) -> None:
        self._entries: deque[tuple[float, float]] = deque()
        self._used = 0.0
        # The newest entry's window, and the longer ones then, longest and soonest over first.
        self._window = 0.0
        self._longer: list[_Longer] = []

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.limit:
            return quota.window
        excess = self.used(now, quota) + cost - quota.limit
        if excess <= 0:
            return 0.0
        for at, units in self._entries:
            excess -= units
            if excess <= 0:
                return self._leaves(at, now, quota.window) - now
        return quota.window

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        self._forget(now, quota.window)
        self._longer = self._counting(now, quota.window) if self._entries else []
        self._window = quota.window
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
        if not self._entries:
            return Status(left, 0.0)
        return Status(left, self._leaves(self._entries[-1][0], now, quota.window) - now)

    def _forget(self, now: float, window: float) -> None:
        if self._entries and self._entries[-1][0] > now:
            self._entries = deque((min(at, now), units) for at, units in self._entries)
        longer = self._counting(now, window)
        length = longer[0].length if longer else window
        while self._entries and self._entries[0][0] <= now - length:
            self._used -= self._entries.popleft()[1]

    def _counting(self, now: float, window: float) -> list[_Longer]:
        """The windows longer than this one that still count, each until its end."""
        if not self._entries:
            return []
        # A clock that was set back may not prolong them.
        known = [_Longer(one.length, min(one.ends, now + one.length)) for one in self._longer]
        known.append(_Longer(self._window, self._entries[-1][0] + self._window))
        return [one for one in known if one.length > window and one.ends > now]

    def _leaves(self, at: float, now: float, window: float) -> float:
        """The time at which units charged at a moment stop counting."""
        since = 0.0
        for one in self._counting(now, window):
            leaves = max(at + one.length, since)
            if leaves < one.ends:
                return leaves
            since = one.ends
        return max(at + window, since)
