"""Brings planned entries into memory: from Redis where others left them, else from the database."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

from yoto.cache import Tier
from yoto.errors import LockLost, UnknownResource
from yoto.optimization import DistributedLocks, OptimizedDistributedLock
from yoto.permission.caching.cached_source import CachedSource
from yoto.rooms.warm_up.hot import Pair
from yoto.rooms.warm_up.preloading.plan import PreloadBatch
from yoto.rooms.warm_up.preloading.report import PreloadReport


class RunBudget:
    """The time that one run may take.

    Args:
        seconds: the longest run, pauses included.
        share: part of the time in which it works, 0 to 1.
        stop: set to end the run at once.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        seconds: float,
        share: float,
        stop: threading.Event,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._share = share
        self._stop = stop
        self._clock = clock
        self._began = clock()
        self._until = self._began + seconds

    @property
    def over(self) -> str | None:
        """Why the time is over: ``"time"``, ``"stopped"``; None: it is not."""
        if self._stop.is_set():
            return "stopped"
        return "time" if self._clock() >= self._until else None

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work within the block; a pause follows, in proportion to the work."""
        began = self._clock()
        yield
        self.rest((self._clock() - began) * (1 / self._share - 1))

    def rest(self, seconds: float) -> None:
        """Wait, but not past the end."""
        self._stop.wait(max(0.0, min(seconds, self._until - self._clock())))


LOCK = "preload"
# s after which another worker takes over from one that died.
LEASE = 5.0
# s between looks at the entries that the loading worker has put into Redis meanwhile.
FOLLOW = 1.0

# Called with the number of finished entries, and of all.
Progress = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """Ignore the progress."""


@dataclass
class Filling:
    """One run while it is going on.

    Attributes:
        loaded: entries brought into memory.
        gone: pairs whose place or user no longer exists.
    """

    source: CachedSource
    locks: DistributedLocks
    budget: RunBudget
    progress: Progress = unwatched
    loaded: list[Pair] = field(default_factory=list, init=False)
    gone: list[Pair] = field(default_factory=list, init=False)
    _tiers: Counter[Tier] = field(default_factory=Counter, init=False)
    _wanted: int = field(default=0, init=False)

    def fill(self, batches: Sequence[PreloadBatch], alone: bool = True) -> PreloadReport:
        """Bring ``batches`` into memory, as far as time allows.

        Args:
            alone: at most one process reads the database at a time; the others copy its entries
                from Redis, until they have everything or the lock is free.

        Raises:
            StoreUnavailable: Redis or the database did not answer; loaded entries stay.
        """
        self._wanted = sum(len(batch.user_ids) for batch in batches)
        self.progress(0, self._wanted)
        missing = self._go(batches, from_database=False)
        while missing and self.budget.over is None:
            if not alone:
                missing = self._go(missing, from_database=True)
                continue
            with self._reserved() as lock:
                if lock is not None:
                    missing = self._go(missing, from_database=True, lock=lock)
                    continue
            self.budget.rest(FOLLOW * random.uniform(0.5, 1.5))
            missing = self._go(missing, from_database=False)
        left = sum(len(batch.user_ids) for batch in missing)
        return PreloadReport(
            self._wanted,
            self._tiers["l1"],
            self._tiers["l2"],
            self._tiers["db"],
            len(self.gone),
            left,
            self.budget.passed,
            (self.budget.over or "time") if left else "done",
        )

    def _go(
        self,
        batches: Sequence[PreloadBatch],
        from_database: bool,
        lock: OptimizedDistributedLock | None = None,
    ) -> list[PreloadBatch]:
        """Ask for each batch once, as long as there is time and ``lock`` is held.

        Returns: the users that are still missing.
        """
        missing: list[PreloadBatch] = []
        for number, batch in enumerate(batches):
            if self.budget.over is not None or (lock is not None and not lock.held):
                return missing + list(batches[number:])
            with self.budget.working():
                rest = self._bring(batch, from_database)
            if rest:
                missing.append(PreloadBatch(batch.place, rest))
            self.progress(sum(self._tiers.values()) + len(self.gone), self._wanted)
        return missing

    def _bring(self, batch: PreloadBatch, from_database: bool) -> tuple[int, ...]:
        """Ask for one batch; returns the users whose entries are still missing."""
        try:
            found = self.source.preload(batch.user_ids, batch.place, from_database)
        except UnknownResource:
            self.gone += batch.pairs
            return ()
        for user_id, (_, tier) in found.items():
            self._tiers[tier] += 1
            if tier != "l1":
                self.loaded.append((user_id, batch.place))
        rest = tuple(user_id for user_id in batch.user_ids if user_id not in found)
        if not from_database:
            return rest
        self.gone += [(user_id, batch.place) for user_id in rest]
        return ()

    @contextmanager
    def _reserved(self) -> Iterator[OptimizedDistributedLock | None]:
        """The lock, held within the block; None: another process has it."""
        lock = self.locks.create_lock(LOCK, LEASE, wait=0)
        if not lock.acquire():
            yield None
            return
        try:
            yield lock
        finally:
            # Another process may have loaded the same then: twice the work, and no harm.
            with suppress(LockLost):
                lock.release()
