"""Brings planned entries into memory: from Redis where others left them, else from the database."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from app.core.cache import Tier
from app.core.errors import LockLost, StoreUnavailable, UnknownResource
from app.core.optimization import DistributedLocks, Pair
from app.core.permission.cached_source import CachedSource
from app.core.permission.preloading.pace import Pace
from app.core.permission.preloading.plan import Batch
from app.core.permission.preloading.report import PreloadReport

LOCK = "preload"
# s after which another worker goes on for one that died.
LEASE = 5.0
# s between looks at what the worker that loads has put into Redis meanwhile.
FOLLOW = 1.0

# Called with how many entries are dealt with, of how many.
Progress = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass
class Filling:
    """One run, while it goes on.

    Attributes:
        loaded: what it has brought into memory.
        gone: pairs whose place or user is no more.
    """

    source: CachedSource
    locks: DistributedLocks
    pace: Pace
    progress: Progress = unwatched
    loaded: list[Pair] = field(default_factory=list)
    gone: list[Pair] = field(default_factory=list)
    _tiers: dict[Tier, int] = field(default_factory=lambda: {"l1": 0, "l2": 0, "db": 0})
    _wanted: int = 0

    def fill(self, batches: Sequence[Batch], alone: bool = True) -> PreloadReport:
        """Bring ``batches`` into memory, as far as the time goes.

        Args:
            alone: at most one process reads the database at a time; the others copy from Redis
                what it has stored there, until they have everything or the lock is free.

        Raises:
            StoreUnavailable: Redis or the database did not answer; what was loaded stays.
        """
        self._wanted = sum(len(batch.user_ids) for batch in batches)
        self.progress(0, self._wanted)
        missing = self._go(batches, from_database=False)
        while missing and self.pace.over is None:
            if not alone:
                missing = self._go(missing, from_database=True)
                break
            with self._reserved() as held:
                if held is not None:
                    missing = self._go(missing, from_database=True, still=held)
                    break
            self.pace.rest(FOLLOW * random.uniform(0.5, 1.5))
            missing = self._go(missing, from_database=False)
        left = sum(len(batch.user_ids) for batch in missing)
        return PreloadReport(
            self._wanted,
            self._tiers["l1"],
            self._tiers["l2"],
            self._tiers["db"],
            len(self.gone),
            left,
            self.pace.passed,
            (self.pace.over or "time") if left else "done",
        )

    def _go(
        self, batches: Sequence[Batch], from_database: bool, still: Callable[[], None] | None = None
    ) -> list[Batch]:
        """Ask for each batch once; what is still missing."""
        missing: list[Batch] = []
        for number, batch in enumerate(batches):
            if self.pace.over is not None:
                return missing + list(batches[number:])
            if still is not None:
                still()
            with self.pace.working():
                rest = self._bring(batch, from_database)
            if rest:
                missing.append(Batch(batch.place, rest))
            self.progress(sum(self._tiers.values()) + len(self.gone), self._wanted)
        return missing

    def _bring(self, batch: Batch, from_database: bool) -> tuple[int, ...]:
        """Ask for one batch; the users that nobody knows about yet."""
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
    def _reserved(self) -> Iterator[Callable[[], None] | None]:
        """Hold the lock within the block, and give what tells that it is held; None: it is not."""
        lock = self.locks.create_lock(LOCK, LEASE, wait=0)
        if not lock.acquire():
            yield None
            return
        try:
            yield lambda: _check(lock.held)
        finally:
            # Another process may have loaded the same then: twice the work, and no harm.
            with suppress(LockLost):
                lock.release()


def _check(held: bool) -> None:
    if not held:
        raise StoreUnavailable("redis")
