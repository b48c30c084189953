"""Token bucket, as the generic cell rate algorithm.

Source: ITU-T I.371, annex A, virtual scheduling. The theoretical arrival time of the next unit is
kept as its distance from the last look, so that its precision does not depend on the date.
"""

from __future__ import annotations

from .meter import Quota, Status, whole_units_left


class TokenBucket:
    """``capacity`` units at once, one more each ``interval``: smooth, and bursts are allowed."""

    __slots__ = ("_ahead", "_at", "_interval")

    def __init__(self, now: float) -> None:
        self._at = now
        self._ahead = 0.0
        self._interval = 0.0

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.capacity:
            return quota.window
        interval = quota.interval
        after = self._distance(now, interval) + cost * interval
        if quota.fits(after / interval, quota.capacity):
            return 0.0
        return after - quota.capacity * interval

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        if quota.limit == 0:
            return
        interval = quota.interval
        self._ahead = max(0.0, self._distance(now, interval) + cost * interval)
        self._interval = interval
        self._at = now

    def used(self, now: float, quota: Quota) -> float:
        if quota.limit == 0:
            return 0.0
        return self._distance(now, quota.interval) / quota.interval

    def status(self, now: float, quota: Quota) -> Status:
        if quota.limit == 0:
            return Status(0, 0.0)
        left = whole_units_left(quota.capacity, self.used(now, quota))
        return Status(left, self._distance(now, quota.interval))

    def _distance(self, now: float, interval: float) -> float:
        """Seconds by which the theoretical arrival time is ahead of ``now``.

        A limit that was changed live keeps the units in use, at their new price. A meter does not
        know when it changed, so the slower rate counts.
        """
        self._at = min(self._at, now)
        price = self._interval or interval
        drained = (now - self._at) * min(1.0, interval / price)
        return max(0.0, self._ahead * (interval / price) - drained)
