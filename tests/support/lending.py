"""Redis as a limiter's leases know it, in plain Python: one dimension, one algorithm, any clock.

``lua/limiter_lease.lua`` and ``lua/limiter_return.lua`` do the same; ``test_lease_scripts.py``
compares them. Beside it the limits themselves, told from a list of uses alone.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from yoto.resilience.algorithms import TOLERANCE, Meter, Quota, find_algorithm

SHARES = 8
SHORTEST = 0.01  # s
BUCKETS = ("token_bucket", "leaky_bucket")
WINDOWS = ("fixed_window", "sliding_window")


class Mark(NamedTuple):
    of: float
    ends: float


class Answer(NamedTuple):
    units: int
    seconds: float
    mark: Mark | None


class Store:
    """The state of one key."""

    def __init__(self, algorithm: str, quota: Quota, length: float) -> None:
        longer = length if algorithm == "sliding_log" else 0.0
        self.algorithm = algorithm
        self.length = length
        self.quota = quota._replace(window=quota.window + longer)
        self.starts: list[float] = []
        self._meter: Meter | None = None
        self._mark = 0.0
        self._sums: deque[tuple[float, int]] = deque()

    def lend(self, now: float, cost: int, wanted: int) -> Answer:
        meter, quota = self._meter_at(now), self.quota
        if meter.wait(now, cost, quota) > 0:
            return Answer(0, 0.0, None)
        drains = self.algorithm in BUCKETS
        used = meter.used(now, quota)
        lead = self.length * quota.limit / quota.window if drains else 0.0
        ceiling = quota.capacity if drains else quota.limit
        units = math.floor(min(wanted, (ceiling - max(used, lead)) / SHARES) + TOLERANCE)
        lasts = self.length
        if self.algorithm in WINDOWS:
            # The window begins with its first unit.
            start = now if self._over(now, used) else meter._start  # type: ignore[attr-defined]
            lasts = min(lasts, start + quota.window - now)
        if units <= cost or lasts < SHORTEST:
            self._charge(now, cost)
            return Answer(cost, 0.0, None)
        self._charge(now, units + max(0.0, lead - used))
        if drains and (lead > used or not self._mark):
            self._mark = now
        return Answer(units, lasts, Mark(self._mark_now(), now + self.length))

    def give_back(self, now: float, units: int, mark: Mark) -> bool:
        meter = self._meter
        if meter is None or self._mark_now() != mark.of:
            return False
        if self.algorithm in BUCKETS and now > mark.ends:
            return False
        if self.algorithm in WINDOWS and now - mark.of >= self.quota.window:
            return False
        if self.algorithm == "sliding_log":
            at, total = self._sums.pop()
            meter.charge(now, -units, self.quota)
            before = self._sums[-1][1] if self._sums else 0
            if total - units > before:
                self._sums.append((at, total - units))
        else:
            meter.charge(now, -units, self.quota)
        return True

    def _charge(self, now: float, units: float) -> None:
        meter = self._meter_at(now)
        meter.charge(now, units, self.quota)
        if self.algorithm in WINDOWS:
            start: float = meter._start  # type: ignore[attr-defined]
            if not self.starts or self.starts[-1] != start:
                self.starts.append(start)
        if self.algorithm == "sliding_log":
            self._sums.append((now, (self._sums[-1][1] if self._sums else 0) + int(units)))

    def _over(self, now: float, used: float) -> bool:
        meter = self._meter
        if self.algorithm == "fixed_window":
            return used == 0
        return meter is None

    def _meter_at(self, now: float) -> Meter:
        if self._meter is None:
            self._meter = find_algorithm(self.algorithm).meter(now)
        return self._meter

    def _mark_now(self) -> float:
        if self.algorithm in BUCKETS:
            return self._mark
        if self.algorithm == "sliding_log":
            return float(self._sums[-1][1]) if self._sums else -1.0
        return float(self._meter._start)  # type: ignore[union-attr]


def first_excess(
    algorithm: str, quota: Quota, uses: list[tuple[float, int]], starts: list[float]
) -> str:
    """The first break of the limit, by the uses alone; empty when there is none.

    Args:
        uses: moment and units of each, in order of time.
        starts: where Redis let windows begin.
    """
    if algorithm in BUCKETS:
        return _bucket_excess(quota, uses)
    if algorithm == "sliding_log":
        return _log_excess(quota, uses)
    return _window_excess(algorithm, quota, uses, starts)


def _bucket_excess(quota: Quota, uses: list[tuple[float, int]]) -> str:
    level, at = 0.0, 0.0
    for moment, units in uses:
        level = max(0.0, level - (moment - at) / quota.interval) + units
        at = moment
        if not quota.fits(level, quota.capacity):
            return f"level {level} of {quota.capacity} at {moment}"
    return ""


def _log_excess(quota: Quota, uses: list[tuple[float, int]]) -> str:
    inside: deque[tuple[float, int]] = deque()
    total = 0
    for moment, units in uses:
        inside.append((moment, units))
        total += units
        while inside[0][0] <= moment - quota.window:
            total -= inside.popleft()[1]
        if total > quota.limit:
            return f"{total} of {quota.limit} in the window before {moment}"
    return ""


def _window_excess(
    algorithm: str, quota: Quota, uses: list[tuple[float, int]], starts: list[float]
) -> str:
    counts = dict.fromkeys(starts, 0)
    for moment, units in uses:
        start = max((one for one in starts if one <= moment), default=None)
        if start is None or moment >= start + quota.window:
            return f"a use at {moment}, where no window is"
        counts[start] += units
        total = float(counts[start])
        if algorithm == "sliding_window":
            before = next(
                (one for one in starts if abs(one + quota.window - start) < TOLERANCE), None
            )
            share = 1 - (moment - start) / quota.window
            total += share * (0 if before is None else counts[before])
        if not quota.fits(total, quota.limit):
            return f"{total} of {quota.limit} in the window from {start} at {moment}"
    return ""
