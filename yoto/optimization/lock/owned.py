"""The locks that this process holds: takes them, keeps their leases, and gives them back."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import weakref
from dataclasses import dataclass
from time import monotonic

from yoto.deadlines import ending
from yoto.errors import LockUnconfirmed
from yoto.fifo_lock import FifoLock
from yoto.monitor import Recorder, names
from yoto.optimization.lock.attempt import Attempt, Terms
from yoto.optimization.lock.holding import Holding, Owner
from yoto.optimization.lock.leases import Leases
from yoto.optimization.lock.listing import LISTED_AFTER, Listing
from yoto.optimization.lock.scripts import RELEASE, LockKeys
from yoto.optimization.lock.timing import MeasuredTimes
from yoto.optimization.lock.wakeups import WakeUps
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LockCounts:
    """Counters of the locks of this process.

    Attributes:
        acquired: locks taken.
        contended: tries that found another owner in the way.
        refused: tries that ended without the lock.
        unconfirmed: those refused because too few replicas confirmed.
        lost: locks that were not ours any more when they were given back.
        unreleased: locks that could not be given back and were left to their leases.
        forced: locks that were force-released through this process.
    """

    acquired: int = 0
    contended: int = 0
    refused: int = 0
    unconfirmed: int = 0
    lost: int = 0
    unreleased: int = 0
    forced: int = 0


class OwnedLocks:
    """The holdings of the owners in this process. Safe for threads and greenlets.

    Attributes:
        counts: counters so far.
        times: the times that follow from the latency of Redis.
        leases: keeps the leases of held locks.
        listing: reports long-held locks to other processes, and lists their reports.
        fifo_lock: the order in which the threads of this process ask.
        wakeups: wakes the waiters of this process.
    """

    def __init__(
        self, redis: RedisConnection, holder: str | None = None, recorder: Recorder | None = None
    ) -> None:
        """See ``DistributedLocks``."""
        self._redis = redis
        self.fifo_lock = FifoLock()
        own = secrets.token_hex(8)
        self.counts = LockCounts()
        self.times = MeasuredTimes()
        self.wakeups = WakeUps(redis, redis.keys.plain("lock-wakeups", own))
        self.listing = Listing(
            redis, holder or f"{socket.gethostname()}-{os.getpid()}-{own}", self.holdings
        )
        self.leases = Leases(redis, self.times, LISTED_AFTER, self.listing.something_is_held)
        self._held: weakref.WeakValueDictionary[tuple[str, Owner], Holding]
        self._held = weakref.WeakValueDictionary()
        self._took = (recorder or Recorder()).histogram(names.LOCK_TIME).observe

    def holdings(self) -> list[Holding]:
        """All present holdings."""
        return [one for one in list(self._held.values()) if one.held]

    def find(self, keys: LockKeys, owner: Owner) -> Holding | None:
        """The holding of ``owner``."""
        holding = self._held.get((keys.lock, owner))
        # The ids of threads that have ended are given to new ones.
        return None if holding is None or holding.orphaned else holding

    def take(
        self, key: str, keys: LockKeys, terms: Terms, owner: Owner, wait: float
    ) -> Holding | None:
        """Take the lock ``key`` from Redis within ``wait`` seconds; None: not free in time.

        Raises:
            StoreUnavailable: Redis did not respond.
            LockUnconfirmed: too few replicas confirmed it.
        """
        attempt = self._attempt(key, keys, terms)
        began = monotonic()
        try:
            holding = attempt.run(wait, owner)
        except LockUnconfirmed:
            self.counts.unconfirmed += 1
            self.counts.refused += 1
            raise
        finally:
            self.counts.contended += attempt.contended
        if holding is None:
            self.counts.refused += 1
            return None
        self._took(monotonic() - began)
        self._keep(holding)
        return holding

    def give_back(self, holding: Holding) -> bool:
        """Give the lock back to Redis; False if it was lost."""
        self._forget(holding)
        try:
            with ending():
                reply = self._redis.scripts.run(RELEASE, holding.keys[:3], [holding.value])
            kept: bool = reply == 1
        except REDIS_UNAVAILABLE as error:
            self.counts.unreleased += 1
            log.warning("lock '%s' ends with its lease, Redis is away: %s", holding.key, error)
            kept = True
        kept = kept and not holding.lost
        self.counts.lost += not kept
        return kept

    def value_of(self, keys: LockKeys) -> str | None:
        """The value in Redis for a lock.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        value: bytes | None = self._redis.client.get(keys.lock)
        return None if value is None else value.decode()

    def close(self) -> None:
        """End the threads. Locks of ended threads, and of the process, are given back,
        so that others need not wait for the lease; locks still held end with it."""
        for holding in self.leases.left_behind():
            self.give_back(holding)
            holding.end()
        self.leases.close()
        self.listing.close()
        self.wakeups.close()

    def _attempt(self, key: str, keys: LockKeys, terms: Terms) -> Attempt:
        return Attempt(self._redis, self.fifo_lock, self.wakeups, self.times, key, keys, terms)

    def _keep(self, holding: Holding) -> None:
        self.counts.acquired += 1
        self._held[holding.keys.lock, holding.owner] = holding
        self.leases.add(holding)

    def _forget(self, holding: Holding) -> None:
        self.leases.remove(holding)
        self._held.pop((holding.keys.lock, holding.owner), None)
