"""Publishes queued items: in each process a thread, of which one at a time works."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from yoto.errors import LockLost
from yoto.housekeeping import Housekeeper
from yoto.optimization.lock import DistributedLocks
from yoto.redis import EXPECTED_FAILURES
from yoto.rooms.queues.invalidation.analysis import figures_of, strategy_for
from yoto.rooms.queues.invalidation.plan import merged, plan_for
from yoto.rooms.queues.invalidation.queue import Claim, InvalidationQueue
from yoto.rooms.queues.invalidation.requests import LogAccess
from yoto.rooms.queues.invalidation.snapshot import InvalidationSnapshot
from yoto.rooms.queues.settings import InvalidationSettings, Strategy

log = logging.getLogger(__name__)

LOCK = "invalidation-worker"
# s after which another worker takes over from one that died.
LEASE = 3.0
# s between two takes of paced items.
PACED_PAUSE = 0.1
# s until the log, or Redis, is tried again.
RETRY = 0.5


class InvalidationWorker:
    """A thread that polls the queue and, if it gets the lock, publishes the items that are due.

    The lock only saves work: two workers at once get the same claim and publish it twice.

    Attributes:
        settings: the settings of its work; may be replaced.
        failures: turns in which Redis or the log failed.
    """

    def __init__(
        self,
        queue: InvalidationQueue,
        locks: DistributedLocks,
        settings: InvalidationSettings,
        access: Callable[[], LogAccess],
    ) -> None:
        """No thread is started yet; ``access`` is asked when something is to be published."""
        self._queue = queue
        self._locks = locks
        self.settings = settings
        self._access = access
        self._housekeeper = Housekeeper("yoto-invalidation")
        self.wake = self._housekeeper.add("publish", self.turn)
        self._closed = threading.Event()
        self._failing = False
        self.failures = 0

    def start(self) -> None:
        """Start the thread unless it runs."""
        self._closed.clear()
        self._housekeeper.start()

    def close(self) -> None:
        """End the thread; its claim is published by another, or at the next start."""
        self._closed.set()
        self._housekeeper.stop()

    def turn(self) -> float:
        """Publish the items that are due; the seconds until the next turn."""
        try:
            pause = self._turn()
        except EXPECTED_FAILURES as error:
            self.failures += 1
            if not self._failing:
                log.warning("invalidations wait in their queue: %s", error)
            self._failing = True
            return RETRY
        self._failing = False
        return pause

    def _turn(self) -> float:
        snapshot = self._queue.look()
        if not snapshot.work:
            return self._until_due(snapshot)
        lock = self._locks.create_lock(LOCK, LEASE, wait=0)
        if not lock.acquire():
            return self.settings.interval
        try:
            while lock.held and not self._closed.is_set():
                if not self._step(snapshot):
                    return PACED_PAUSE if snapshot.waiting else self._until_due(snapshot)
                snapshot = self._queue.look()
        finally:
            with suppress(LockLost):
                lock.release()
        return 0.0

    def _until_due(self, snapshot: InvalidationSnapshot) -> float:
        interval = self.settings.interval
        if snapshot.next_due is None:
            return interval
        return min(interval, max(0, snapshot.next_due.due_ms - snapshot.now_ms) / 1000)

    def _step(self, snapshot: InvalidationSnapshot) -> bool:
        """Take once and publish; False if nothing may be taken now."""
        access = self._access()
        plan = plan_for(self.strategy(snapshot), snapshot, self.settings, access.everything)
        claim = self._queue.take(plan)
        if claim is None:
            return False
        subjects = self._subjects(claim, access)
        position = access.publish(*subjects)
        if not self._queue.finish(claim, str(position), len(subjects)):
            log.info("invalidations were published twice: another worker was faster")
        return True

    def strategy(self, snapshot: InvalidationSnapshot) -> Strategy:
        """The strategy that the workers follow, given ``snapshot``."""
        if snapshot.forced is not None:
            return snapshot.forced.strategy
        return self.settings.fixed_strategy or strategy_for(figures_of(snapshot), self.settings)

    def _subjects(self, claim: Claim, access: LogAccess) -> list[str]:
        found: dict[str, None] = {}
        for level, subject in merged(claim.lines, self.settings.merge_above):
            name = access.name(level, subject)
            # An item from a newer version could concern anything, and must not block others.
            found[name if access.is_known(name) else access.everything] = None
        return list(found)
