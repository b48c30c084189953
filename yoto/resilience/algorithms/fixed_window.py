"""Fixed window: a counter that starts with the first unit and ends a window later."""

from __future__ import annotations

from .meter import Quota, Status, whole_units_left


class FixedWindow:
    """Cheapest and coarsest: two windows that touch may admit twice the limit.

    A window is as long as the longest that was in force while it ran.
    """

    __slots__ = ("_span", "_start", "_used")

    def __init__(self, now: float) -> None:
        self._start = now
        self._span = 0.0
        self._used = 0.0

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.limit:
            return quota.window
        if quota.fits(self.used(now, quota) + cost, quota.limit):
            return 0.0
        return self._start + self._length(quota) - now

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        if self._over(now, quota):
            self._start, self._used, self._span = now, 0.0, 0.0
        self._span = self._length(quota)
        self._used = max(0.0, self._used + cost)

    def used(self, now: float, quota: Quota) -> float:
        return 0.0 if self._over(now, quota) else self._used

    def status(self, now: float, quota: Quota) -> Status:
        used = self.used(now, quota)
        left = whole_units_left(quota.limit, used)
        return Status(left, self._start + self._length(quota) - now if used else 0.0)

    def _over(self, now: float, quota: Quota) -> bool:
        if self._start > now:
            self._start, self._span = now, quota.window
        return self._used == 0 or now - self._start >= self._length(quota)

    def _length(self, quota: Quota) -> float:
        return max(self._span, quota.window)
