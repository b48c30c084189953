"""Sliding window counter: the last window is estimated from two counters.

Source: Cloudflare, "How we built rate limiting capable of scaling to millions of domains", 2017.
The units of the previous window are taken to be spread evenly over it.
"""

from __future__ import annotations

from .meter import Quota, Status, whole_units_left


class SlidingWindow:
    """Constant memory, close to exact for steady use.

    A window is as long as the longest that was in force since its start.
    """

    __slots__ = ("_current", "_previous", "_span", "_start")

    def __init__(self, now: float) -> None:
        self._start = now
        self._current = 0.0
        self._previous = 0.0
        self._span = 0.0

    def wait(self, now: float, cost: int, quota: Quota) -> float:
        if quota.limit == 0 or cost > quota.limit:
            return quota.window
        if quota.fits(self.used(now, quota) + cost, quota.limit):
            return 0.0
        elapsed, room, span = now - self._start, quota.limit - cost, self._length(quota)
        if self._current <= room:
            share = 1 - (room - self._current) / self._previous
            return share * span - elapsed
        share = 1 - room / self._current
        return span - elapsed + share * quota.window

    def charge(self, now: float, cost: float, quota: Quota) -> None:
        self._roll(now, quota)
        self._span = self._length(quota)
        self._current += cost
        if self._current < 0:
            self._previous = max(0.0, self._previous + self._current)
            self._current = 0.0

    def used(self, now: float, quota: Quota) -> float:
        self._roll(now, quota)
        return self._previous * (1 - (now - self._start) / self._length(quota)) + self._current

    def status(self, now: float, quota: Quota) -> Status:
        left = whole_units_left(quota.limit, self.used(now, quota))
        span = self._length(quota)
        windows = span + quota.window if self._current else span if self._previous else 0.0
        reset = windows - (now - self._start) if windows else 0.0
        return Status(left if quota.limit else 0, reset)

    def _roll(self, now: float, quota: Quota) -> None:
        elapsed, span, window = now - self._start, self._length(quota), quota.window
        if elapsed < 0:
            # As if a window began now: used units stay used, and begin to fade.
            total = min(quota.limit, self._current + self._previous)
            self._previous, self._current = max(self._current, total), 0.0
            self._start, self._span = now, window
        elif elapsed >= span + window:
            self._previous = self._current = 0.0
        elif elapsed >= span:
            self._previous, self._current = self._current, 0.0
            self._start, self._span = self._start + span, window
        if self._current == self._previous == 0:
            # The first unit begins a window, whatever was read before.
            self._start, self._span = now, window

    def _length(self, quota: Quota) -> float:
        return max(self._span, quota.window)
