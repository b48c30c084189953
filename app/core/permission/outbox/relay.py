"""Publishes what a crashed or cut-off writer left in the outbox."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

from app.core.cache import TieredCache
from app.core.errors import LockNotAcquired
from app.core.optimization import DistributedLocks
from app.core.permission.outbox.publisher import OutboxCounts
from app.core.permission.outbox.rows import mark, prune, unpublished
from app.core.permission.outbox.telling import Telling
from app.core.permission.pool import SidePool
from app.db import writing

log = logging.getLogger(__name__)

LOCK = "outbox-relay"
# s after which another worker takes over from one that died within its turn.
LOCK_TIMEOUT = 2.0
BATCH = 1_000
# Published rows stay for so long, for tokens that were given out before they had a position.
KEEP_SECONDS = 3600.0
PRUNE_SECONDS = 60.0


class OutboxRelay:
    """One daemon thread a process; in each interval the one that gets the lock does the work.

    It does not matter how old a row is: to publish one that its writer is just publishing costs a
    few cache entries, and to tell its age would need clocks that agree. The age that goes with it
    into the log is for those who measure.
    """

    def __init__(
        self,
        cache: TieredCache,
        locks: DistributedLocks,
        pool: SidePool,
        counts: OutboxCounts,
        telling: Telling,
        interval: float,
        also: Callable[[], object] = bool,
    ) -> None:
        """No thread is started yet.

        Args:
            telling: what it noted is told in every turn of the thread, and at its end.
            interval: seconds.
            also: done in every turn of the thread, whether this process relays or not.
        """
        self._cache = cache
        self._locks = locks
        self._pool = pool
        self._counts = counts
        self._telling = telling
        self._interval = interval
        self._also = also
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._pruned_at = 0.0

    @property
    def running(self) -> bool:
        """Whether the thread runs in this process."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread unless it runs."""
        with self._start_lock:
            if not self.running:
                self._stop = threading.Event()
                self._telling.deferred = True
                self._thread = threading.Thread(
                    target=self._run, args=(self._stop,), name="yoto-outbox-relay", daemon=True
                )
                self._thread.start()

    def close(self, timeout: float = 1.0) -> None:
        """End the thread; wait at most ``timeout`` seconds for it."""
        with self._start_lock:
            thread, self._thread = self._thread, None
            self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        self._telling.deferred = False
        self._telling.tell()

    def turn(self) -> int:
        """Publish and prune once, if no other worker is at it; how many events were published.

        Raises:
            StoreUnavailable: Redis or the database did not answer.
        """
        try:
            with self._locks.create_lock(LOCK, LOCK_TIMEOUT, wait=0):
                published = self._publish()
                self._prune()
        except LockNotAcquired:
            return 0
        return published

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
            self._telling.note(events, position, late=True)
            published += len(events)
            self._counts.relayed += len(events)

    def _prune(self) -> None:
        now = monotonic()
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = now
            with writing(), self._pool.begin() as connection:
                self._counts.pruned += prune(connection, KEEP_SECONDS, BATCH)

    def _run(self, stop: threading.Event) -> None:
        failing = False
        while not stop.wait(self._interval):
            try:
                self._telling.tell()
                self._also()
                self.turn()
                failing = False
            except Exception as error:
                self._counts.failures += 1
                if not failing:
                    log.warning("the outbox is not relayed now: %s", error)
                failing = True
