"""Leaky bucket as a meter: the water level of a bucket that drains at a constant rate.

Source: J. Turner, "New directions in communications", IEEE Communications 24(10), 1986; ITU-T
I.371, annex A, continuous-state form. It admits the same calls as a token bucket of the same size.
"""

from __future__ import annotations

from .meter import Quota, Status, whole_units_left


class LeakyBucket:
    """Units fill the bucket up to ``capacity``; ``limit`` of them drain in a window."""

    __slots__ = ("_at", "_interval", "_level")

    def __init__(self, now: float) -> None:
        self._at = now
        self._interval = 0.0
        self._level = 0.0

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.capacity:
            return quota.window
        after = self.used(now, quota) + cost
        if quota.fits(after, quota.capacity):
            return 0.0
        return (after - quota.capacity) * quota.interval

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        self._level = max(0.0, self.used(now, quota) + cost)
        self._at = now
        if quota.limit > 0:
            self._interval = quota.interval

    def used(self, now: float, quota: Quota) -> float:
        if quota.limit == 0:
            return self._level
        self._at = min(self._at, now)
        # It is not known when a limit was changed live, so the slower rate counts.
        return max(0.0, self._level - (now - self._at) / max(quota.interval, self._interval))

    def status(self, now: float, quota: Quota) -> Status:
        if quota.limit == 0:
            return Status(0, 0.0)
        level = self.used(now, quota)
        return Status(whole_units_left(quota.capacity, level), level * quota.interval)
