"""The limiter of one process, used without Redis: all dimensions are charged, or none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..algorithms import Algorithm, Meter, Quota
from ..seats import Used
from ..settings import LONGEST_WINDOW
from ..shares import Shares
from .dimensions import DimensionPlan, LimiterTarget
from .result import DimensionStatus

# Keys. The least recently used are forgotten first: a caller that floods a process with names
# uses the key of its own address each time, which is thus remembered.
LARGEST_MEMORY = 100_000


class LocalLimiter:
    """Meters by Redis key, behind a lock."""

    def __init__(
        self,
        share: Callable[[int, float], int],
        memory: Shares | None = None,
        largest: int = LARGEST_MEMORY,
    ) -> None:
        """``share`` gives this instance's part of units in so many seconds; ``memory`` keeps the
        used units for the next instance."""
        self._share = share
        self._memory = memory
        self._largest = largest
        self._meters: dict[str, Meter] = {}
        # Units that Redis does not know. A meter stays longer: a window has one share, even if
        # Redis is lost twice in it.
        self._unreported: dict[str, float] = {}
        self._reporting: set[str] = set()
        self._algorithm: Algorithm | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """The number of keys with use that Redis does not know."""
        inherited = self._memory is not None and self._memory.remembers
        return len(self._unreported) + inherited

    def hit(
        self, target: LimiterTarget, cost: int, now: float, algorithm: Algorithm
    ) -> tuple[DimensionStatus, ...]:
        """Charge all dimensions, or none."""
        with self._lock:
            waits = self._waits(target, cost, now, algorithm)
            if not any(waits):
                for key, item in zip(target.keys, target.dimensions, strict=True):
                    part = self._part(item.quota)
                    self._meter(key, now, algorithm, part).charge(now, cost, part)
                    self._unreported[key] = self._unreported.get(key, 0.0) + cost
                    self._note(key, now, part)
            return self._statuses(target, waits, now, algorithm)

    def peek(
        self, target: LimiterTarget, cost: int, now: float, algorithm: Algorithm
    ) -> tuple[DimensionStatus, ...]:
        """The status that a hit would meet."""
        with self._lock:
            waits = self._waits(target, cost, now, algorithm)
            return self._statuses(target, waits, now, algorithm)

    def give(self, target: LimiterTarget, units: int, now: float) -> None:
        """Give units back."""
        with self._lock:
            for key, item in zip(target.keys, target.dimensions, strict=True):
                meter = self._meters.get(key)
                if meter is not None:
                    part = self._part(item.quota)
                    meter.charge(now, -units, part)
                    if key in self._unreported:
                        self._unreported[key] = max(0.0, self._unreported[key] - units)
                    self._note(key, now, part)

    def forget(self, keys: Sequence[str]) -> None:
        """Make keys unused."""
        with self._lock:
            for key in keys:
                self._drop(key)

    def clear(self) -> None:
        """Make all keys unused."""
        with self._lock:
            for key in list(self._meters):
                self._drop(key)

    def keep(self, before: DimensionPlan, plan: DimensionPlan, now: float) -> None:
        """The limit changes from now on; until now ``before`` was in force."""
        with self._lock:
            for key, meter in self._meters.items():
                change = plan.change_of(key, before)
                if change is not None and self._algorithm is plan.algorithm:
                    old, new = self._part(change[0].quota), self._part(change[1].quota)
                    meter.charge(now, 0, old)
                    if not new.limit:
                        # A limit of 0 drains nothing, until another is set.
                        window = LONGEST_WINDOW if plan.algorithm.bursts else new.window
                        new = Quota(1, window, new.capacity)
                    meter.charge(now, 0, new)

    def begin_reporting(self, key: str, quota: Quota, now: float, algorithm: Algorithm) -> float:
        """Units in use on a key, to report to Redis; 0 when there are none or another thread is
        reporting them already. ``end_reporting`` must follow when there are some."""
        with self._lock:
            if key in self._reporting:
                return 0.0
            part = self._part(quota)
            if self._memory is not None and self._memory.remembers:
                self._meter(key, now, algorithm, part)
            meter = self._meters.get(key)
            if meter is None:
                return 0.0
            used = meter.used(now, part)
            units = min(used, self._unreported.get(key, 0.0))
            if units > 0:
                self._reporting.add(key)
            elif used > 0:
                self._unreported.pop(key, None)
            else:
                self._drop(key)
            return units

    def end_reporting(self, key: str, reported: bool) -> None:
        """Redis knows now, or could not be reached and the use stays here as it was."""
        with self._lock:
            self._reporting.discard(key)
            if reported:
                self._unreported.pop(key, None)
                if self._memory is not None:
                    self._memory.report(key)

    def _part(self, quota: Quota) -> Quota:
        limit, window, capacity = quota
        return Quota(self._share(limit, window), window, self._share(capacity, window))

    def _meter(self, key: str, now: float, algorithm: Algorithm, part: Quota) -> Meter:
        if self._algorithm is not algorithm:
            self._algorithm = algorithm
            self._meters.clear()
            self._unreported.clear()
        meter = self._meters.pop(key, None)
        if meter is None:
            while len(self._meters) >= self._largest:
                oldest = next(iter(self._meters))
                del self._meters[oldest]
                self._unreported.pop(oldest, None)
        used = None if self._memory is None else self._memory.recall(key)
        # An instance may have waited for the seat of the one before it, and met the key already.
        at = now if used is None or meter is not None else used.at
        if meter is None:
            meter = algorithm.meter(at)
        if used is not None:
            meter.charge(at, used.units, part)
            if used.unreported:
                self._unreported[key] = self._unreported.get(key, 0.0) + used.unreported
        self._meters[key] = meter
        return meter

    def _note(self, key: str, now: float, part: Quota) -> None:
        if self._memory is not None:
            meter = self._meters[key]
            counts_for = meter.status(now, part).reset_after
            unreported = self._unreported.get(key, 0.0)
            self._memory.note(key, Used(now, meter.used(now, part), unreported, counts_for))

    def _drop(self, key: str) -> None:
        self._meters.pop(key, None)
        self._unreported.pop(key, None)
        if self._memory is not None:
            self._memory.forget(key)

    def _waits(
        self, target: LimiterTarget, cost: int, now: float, algorithm: Algorithm
    ) -> tuple[float, ...]:
        return tuple(
            self._meter(key, now, algorithm, part).wait(now, cost, part)
            for key, item in zip(target.keys, target.dimensions, strict=True)
            for part in (self._part(item.quota),)
        )

    def _statuses(
        self, target: LimiterTarget, waits: Sequence[float], now: float, algorithm: Algorithm
    ) -> tuple[DimensionStatus, ...]:
        statuses = []
        for key, item, wait in zip(target.keys, target.dimensions, waits, strict=True):
            part = self._part(item.quota)
            remaining, reset = self._meter(key, now, algorithm, part).status(now, part)
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
