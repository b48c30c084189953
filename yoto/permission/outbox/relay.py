"""Publishes events that a crashed or cut-off writer left in the outbox."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from yoto.cache import TieredCache
from yoto.errors import LockNotAcquired
from yoto.housekeeping import Housekeeper
from yoto.optimization import DistributedLocks
from yoto.permission.database.pool import SidePool
from yoto.permission.outbox.notifying import ChangeNotifier
from yoto.permission.outbox.publisher import OutboxCounts
from yoto.permission.outbox.rows import mark, prune, unpublished
from yoto.store.db import writing

log = logging.getLogger(__name__)

LOCK = "outbox-relay"
# s after which another worker takes over from one that died within its turn.
LOCK_TIMEOUT = 2.0
BATCH = 1_000
# How long published rows stay, for tokens that were given out before they had a position.
KEEP_SECONDS = 3600.0
PRUNE_SECONDS = 60.0


class OutboxRelay:
    """Runs in each process at each interval; the one that finds rows and gets the lock relays them.

    The age of a row does not matter. Publishing a row that its writer is just publishing costs a
    few cache entries, and reading its age would need clocks that agree. The age in the log is for
    measurements.
    """

    def __init__(
        self,
        cache: TieredCache,
        locks: DistributedLocks,
        pool: SidePool,
        counts: OutboxCounts,
        notifier: ChangeNotifier,
        interval: float,
        also: Callable[[], object] = bool,
    ) -> None:
        """Nothing is done yet.

        Args:
            notifier: its noted changes are published in every turn, and at the end.
            interval: seconds.
            also: called in every turn, whether this process relays or not.
        """
        self._cache = cache
        self._locks = locks
        self._pool = pool
        self._counts = counts
        self._notifier = notifier
        self.interval = interval
        self._also = also
        self._keeper = Housekeeper("yoto-outbox-relay")
        self._keeper.add("relay", self._task)
        self._begun = False
        self._failing = False
        self._pruned_at = 0.0

    @property
    def running(self) -> bool:
        """Whether it takes turns in this process."""
        return self._keeper.running

    def start(self) -> None:
        """Take turns from now on, the first after an interval."""
        if not self.running:
            self._begun = False
            self._notifier.deferred = True
            self._keeper.start()

    def close(self) -> None:
        """Take no more turns, and wait for the one that goes on."""
        self._keeper.stop()
        self._notifier.deferred = False
        self._notifier.publish_noted()

    def turn(self) -> int:
        """Publish and prune once, if needed and no other worker does.

        Returns the number of events published.

        Raises:
            StoreUnavailable: Redis or the database did not answer.
        """
        if not self._prune_due and not self._waiting():
            return 0
        try:
            with self._locks.create_lock(LOCK, LOCK_TIMEOUT, wait=0):
                published = self._publish()
                self._prune()
        except LockNotAcquired:
            return 0
        return published

    @property
    def _prune_due(self) -> bool:
        return monotonic() - self._pruned_at >= PRUNE_SECONDS

    def _waiting(self) -> bool:
        with self._pool.read() as connection:
            return bool(unpublished(connection, 1)[0])

    def _publish(self) -> int:
        published = 0
        while True:
            with self._pool.read() as connection:
                events, waited = unpublished(connection, BATCH)
            if not events:
                return published
            subjects = (event.subject for event in events)
            position = self._cache.invalidate(*subjects, late_ms=round(waited * 1000))
            with writing(), self._pool.begin() as connection:
                mark(connection, [event.id for event in events], str(position))
            self._notifier.note(events, position, late=True)
            published += len(events)
            self._counts.relayed += len(events)

    def _prune(self) -> None:
        if self._prune_due:
            self._pruned_at = monotonic()
            with writing(), self._pool.begin() as connection:
                self._counts.pruned += prune(connection, KEEP_SECONDS, BATCH)

    def _task(self) -> float:
        if not self._begun:
            self._begun = True
            return self.interval
        try:
            self._notifier.publish_noted()
            self._also()
            self.turn()
            self._failing = False
        except Exception as error:
            self._counts.failures += 1
            if not self._failing:
                log.warning("the outbox is not relayed now: %s", error)
            self._failing = True
        return self.interval
