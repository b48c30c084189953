"""The limiter of one process, used without Redis: all dimensions are charged, or none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..algorithms import Algorithm, Meter, Quota
from ..settings import LONGEST_WINDOW
from .dimensions import DimensionPlan, Target
from .result import DimensionStatus

# Keys. The least recently used are forgotten first: a caller that floods a process with names
# uses the key of its own address each time, which is thus remembered.
LARGEST_MEMORY = 100_000


class LocalLimiter:
    """Meters by Redis key, behind a lock."""

    def __init__(self, share: Callable[[int], int], largest: int = LARGEST_MEMORY) -> None:
        """``share`` gives this instance's part of a limit."""
        self._share = share
        self._largest = largest
        self._meters: dict[str, Meter] = {}
        self._reporting: set[str] = set()
        self._algorithm: Algorithm | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Keys with use that Redis does not know of."""
        return len(self._meters)

    def hit(
        self, target: Target, cost: int, now: float, algorithm: Algorithm
    ) -> tuple[DimensionStatus, ...]:
        """Charge all dimensions, or none."""
        with self._lock:
            waits = self._waits(target, cost, now, algorithm)
            if not any(waits):
                for key, item in zip(target.keys, target.dimensions, strict=True):
                    self._meter(key, now, algorithm).charge(now, cost, self._part(item.quota))
            return self._statuses(target, waits, now, algorithm)

    def peek(
        self, target: Target, cost: int, now: float, algorithm: Algorithm
    ) -> tuple[DimensionStatus, ...]:
        """The status that a hit would meet."""
        with self._lock:
            waits = self._waits(target, cost, now, algorithm)
            return self._statuses(target, waits, now, algorithm)

    def give(self, target: Target, units: int, now: float) -> None:
        """Give units back."""
        with self._lock:
            for key, item in zip(target.keys, target.dimensions, strict=True):
                meter = self._meters.get(key)
                if meter is not None:
                    meter.charge(now, -units, self._part(item.quota))

    def forget(self, keys: Sequence[str]) -> None:
        """Make keys unused."""
        with self._lock:
            for key in keys:
                self._meters.pop(key, None)

    def clear(self) -> None:
        """Make all keys unused."""
        with self._lock:
            self._meters.clear()

    def keep(self, before: DimensionPlan, plan: DimensionPlan, now: float) -> None:
        """The limit is another from now on; until now ``before`` was in force."""
        with self._lock:
            for key, meter in self._meters.items():
                change = plan.change_of(key, before)
                if change is not None and self._algorithm is plan.algorithm:
                    old, new = self._part(change[0].quota), self._part(change[1].quota)
                    meter.charge(now, 0, old)
                    if not new.limit:
                        # A limit of nothing drains nothing, until another is set.
                        window = LONGEST_WINDOW if plan.algorithm.bursts else new.window
                        new = Quota(1, window, new.capacity)
                    meter.charge(now, 0, new)

    def begin_reporting(self, key: str, quota: Quota, now: float) -> float:
        """Units in use on a key, to report to Redis; 0 when there are none or another thread is
        reporting them already. ``end_reporting`` must follow when there are some."""
        with self._lock:
            meter = self._meters.get(key)
            if meter is None or key in self._reporting:
                return 0.0
            units = meter.used(now, self._part(quota))
            if units > 0:
                self._reporting.add(key)
            else:
                del self._meters[key]
            return units

    def end_reporting(self, key: str, reported: bool) -> None:
        """Redis knows now, or could not be reached and the use stays here as it was."""
        with self._lock:
            self._reporting.discard(key)
            if reported:
                self._meters.pop(key, None)

    def _part(self, quota: Quota) -> Quota:
        share = self._share
        return Quota(share(quota.limit), quota.window, share(quota.capacity))

    def _meter(self, key: str, now: float, algorithm: Algorithm) -> Meter:
        if self._algorithm is not algorithm:
            self._algorithm = algorithm
            self._meters.clear()
        meter = self._meters.pop(key, None)
        if meter is None:
            while len(self._meters) >= self._largest:
                self._meters.pop(next(iter(self._meters)))
            meter = algorithm.meter(now)
        self._meters[key] = meter
        return meter

    def _waits(
        self, target: Target, cost: int, now: float, algorithm: Algorithm
    ) -> tuple[float, ...]:
        return tuple(
            self._meter(key, now, algorithm).wait(now, cost, self._part(item.quota))
            for key, item in zip(target.keys, target.dimensions, strict=True)
        )

    def _statuses(
        self, target: Target, waits: Sequence[float], now: float, algorithm: Algorithm
    ) -> tuple[DimensionStatus, ...]:
        statuses = []
        for key, item, wait in zip(target.keys, target.dimensions, waits, strict=True):
            part = self._part(item.quota)
            remaining, reset = self._meter(key, now, algorithm).status(now, part)
            statuses.append(
                DimensionStatus(
                    item.name,
                    part.limit,
                    part.window,
                    remaining,
                    reset,
                    wait,
                    algorithm.step(part),
                )
            )
        return tuple(statuses)
