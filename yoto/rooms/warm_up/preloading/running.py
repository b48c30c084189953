"""Preloading of one application: at intervals and on demand, with its results."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence

from flask import Flask

from yoto.cache import PlaceKey, TieredCache
from yoto.errors import StoreUnavailable
from yoto.housekeeping import Housekeeper
from yoto.optimization import DistributedLocks
from yoto.permission.caching.cached_source import CachedSource
from yoto.permission.database.pool import SidePool
from yoto.rooms.warm_up.hot import HotCounts, Pair
from yoto.rooms.warm_up.preloading.filling import Filling, Progress, RunBudget, unwatched
from yoto.rooms.warm_up.preloading.plan import plan, reached
from yoto.rooms.warm_up.preloading.report import PreloadReport, PreloadStats
from yoto.rooms.warm_up.settings import PreloadSettings

log = logging.getLogger(__name__)

JITTER = 0.2


class Preloading:
    """Brings hot entries into this process's memory, and into Redis. Safe for threads.

    Attributes:
        hot: gives the hot entries.
        settings: the settings in force; ``retune`` changes them.
    """

    def __init__(
        self,
        app: Flask,
        cache: TieredCache,
        source: CachedSource,
        pool: SidePool,
        locks: DistributedLocks,
        hot: HotCounts,
        settings: PreloadSettings,
    ) -> None:
        """Nothing connects and no thread starts; ``hot`` learns to count roles."""
        self._app = app
        self._cache = cache
        self._source = source
        self._pool = pool
        self._locks = locks
        self.hot = hot
        self.settings = settings
        self._stop = threading.Event()
        self._keeper = Housekeeper("yoto-preload")
        self._wake = self._keeper.add("preload", self._turn)
        self._serving = self._started = False
        # Monotonic s of the end of the last run, and the jitter of the pause after it.
        self._ended, self._jitter = 0.0, 1.0
        # Entries that were not read since they were loaded. Bounded by the entries of a run.
        self._unused: set[Pair] = set()
        self._mutex = threading.Lock()
        self._runs = self._failures = self._l2 = self._db = self._left = 0
        self._used = self._dropped = 0
        self._last: PreloadReport | None = None
        self._error: str | None = None
        hot.know_roles(self._roles_of)
        hot.listen(self._asked)

    def start(self) -> None:
        """Preload at intervals from now on, while that is enabled; the first run comes after one
        interval, since the warm-up covers the start."""
        self._serving = True
        self._follow()

    def retune(self, settings: PreloadSettings) -> None:
        """Go on with other settings. A run under way keeps those that it began with, or ends at
        once if preloading is off now."""
        self.settings = settings
        self._follow()
        self._wake()

    def close(self) -> None:
        """End the thread and every run; a later use begins anew."""
        self._serving = False
        self._halt()
        self._keeper.stop()

    def _follow(self) -> None:
        wanted = self._serving and self.settings.enabled
        if wanted and not self._started:
            self._started = True
            self._rest()
            self._keeper.start()
        elif self._started and not wanted:
            # The idle thread stays: a change of settings does not wait for a run to end.
            self._halt()

    def _halt(self) -> None:
        self._started = False
        stopped, self._stop = self._stop, threading.Event()
        stopped.set()

    def run(
        self, progress: Progress = unwatched, stop: threading.Event | None = None
    ) -> PreloadReport:
        """Bring the hottest entries into memory, gently; it takes an application context.

        Args:
            stop: ends the run when it is set; by default ``close`` does.

        Raises:
            StoreUnavailable: Redis or the database did not answer; loaded entries stay.
        """
        settings = self.settings
        budget = RunBudget(settings.seconds, settings.share, stop or self._stop)
        try:
            limit = min(settings.entries, self.hot.settings.members)
            pairs = [(pair.user_id, pair.place) for pair in self.hot.pairs(limit)]
            self._drop_unwanted(pairs)
            return self._fill(pairs, budget, progress, alone=True)
        except StoreUnavailable as error:
            self._failures += 1
            self._error = str(error)
            raise

    def users(self, user_ids: Iterable[int]) -> PreloadReport:
        """As ``run``, for the hot places of some users; raises as ``run``."""
        wanted = set(user_ids)
        return self._fill_now([pair for pair in self._hot_pairs() if pair[0] in wanted])

    def role(self, role_id: int) -> PreloadReport:
        """As ``run``, for the hot entries that a role bears on.

        Raises:
            UnknownResource: there is no such role.
            StoreUnavailable: as ``run``.
        """
        with self._pool.read() as connection:
            pairs = reached(connection, role_id, self._hot_pairs())
        return self._fill_now(pairs)

    def stats(self) -> PreloadStats:
        """The statistics of this process."""
        return PreloadStats(
            self._started,
            self._runs,
            self._failures,
            self._l2,
            self._db,
            self._left,
            self._used,
            self._dropped,
            len(self._unused),
            self._last,
            self._error,
        )

    def _hot_pairs(self) -> list[Pair]:
        kept = self.hot.pairs(self.hot.settings.members)
        return [(pair.user_id, pair.place) for pair in kept]

    def _fill_now(self, pairs: Sequence[Pair]) -> PreloadReport:
        settings = self.settings
        budget = RunBudget(settings.seconds, settings.share, self._stop)
        return self._fill(pairs, budget, unwatched, alone=False)

    def _fill(
        self, pairs: Sequence[Pair], budget: RunBudget, progress: Progress, alone: bool
    ) -> PreloadReport:
        filling = Filling(self._source, self._locks, budget, progress)
        batches = plan(pairs, self.settings.entries, self._cache.settings.places_per_user)
        try:
            report = filling.fill(batches, alone)
        finally:
            with self._mutex:
                self._unused.update(filling.loaded)
        if filling.gone:
            self.hot.discard(filling.gone)
        with self._mutex:
            self._runs += 1
            self._l2 += report.l2
            self._db += report.db
            self._left += report.left
            self._last = report
        return report

    def _roles_of(self, user_id: int, place: PlaceKey) -> Iterable[int]:
        entry = self._cache.remembered(user_id, place)
        return () if entry is None else entry.roles

    def _asked(self, counts: Mapping[Pair, int]) -> None:
        with self._mutex:
            used = self._unused.intersection(counts)
            self._unused -= used
            self._used += len(used)

    def _drop_unwanted(self, pairs: Sequence[Pair]) -> None:
        with self._mutex:
            wanted = self._unused.intersection(pairs)
            self._dropped += len(self._unused) - len(wanted)
            self._unused = wanted

    def _turn(self) -> float:
        left = self._until_next()
        if left > 0 or not self._started:
            return left or self.settings.interval
        try:
            with self._app.app_context():
                self.run()
        except StoreUnavailable as error:
            log.warning("nothing is preloaded now: %s", error)
        self._rest()
        return self._until_next()

    def _rest(self) -> None:
        self._ended, self._jitter = time.monotonic(), random.uniform(1 - JITTER, 1 + JITTER)

    def _until_next(self) -> float:
        """Seconds until the next run, by the present interval."""
        return max(0.0, self._ended + self.settings.interval * self._jitter - time.monotonic())
