"""The locks of one application: makes them, keeps their leases, and knows which are held here."""

from __future__ import annotations

import logging
import secrets
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from redis import exceptions

from app.core.errors import StoreUnavailable
from app.core.optimization.lock.attempt import Attempt
from app.core.optimization.lock.holding import Holding, Owner
from app.core.optimization.lock.lock import OptimizedDistributedLock
from app.core.optimization.lock.names import LockKeys
from app.core.optimization.lock.renewal import Renewer
from app.core.optimization.lock.scripts import RELEASE
from app.core.optimization.lock.turnstile import Turnstile
from app.core.optimization.lock.wakeups import WakeUps
from app.core.redis import RedisConnection

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT = 10.0  # s; a holder that died blocks the others for so long
DEFAULT_WAIT = 5.0  # s


@dataclass(slots=True)
class LockCounts:
    """What happened to the locks of this process.

    Attributes:
        acquired: locks taken.
        contended: tries that found somebody else in the way.
        refused: tries that ended without the lock.
        lost: locks that were not ours any more when they were given back.
        unreleased: locks that could not be given back and were left to their leases.
    """

    acquired: int = 0
    contended: int = 0
    refused: int = 0
    lost: int = 0
    unreleased: int = 0


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that this process holds: its fencing token and for how many seconds by now."""

    key: str
    token: int
    held_for: float


class DistributedLocks:
    """Makes locks that all processes of an application share. Safe for threads and greenlets."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects, and no thread starts, before the first lock is taken."""
        self._redis = redis
        self._turnstile = Turnstile()
        self._wakeups = WakeUps(redis, redis.keys.plain("lock-wakeups", secrets.token_hex(8)))
        self._renewer = Renewer(redis)
        self._held: weakref.WeakValueDictionary[tuple[str, Owner], Holding]
        self._held = weakref.WeakValueDictionary()
        self._counts = LockCounts()

    def create_lock(
        self,
        key: str,
        timeout: float = DEFAULT_TIMEOUT,
        wait: float = DEFAULT_WAIT,
        renew: bool = True,
        on_lost: Callable[[], None] | None = None,
    ) -> OptimizedDistributedLock:
        """A lock named ``key``, not taken yet.

        Args:
            key: any text; equal keys are one lock.
            timeout: lease in seconds: how long the lock outlives a holder that died.
            wait: seconds that ``acquire`` and ``with`` wait for somebody else.
            renew: keep the lease while the lock is held; else it ends after ``timeout``.
            on_lost: called, in another thread, when a lock that is held cannot be kept; before
                anybody else can have it, as long as the lease is above twice the socket time-out.

        Raises:
            ValidationFailed: a time out of its range.
        """
        keys = LockKeys.of(self._redis.keys, key)
        return OptimizedDistributedLock(self, key, keys, timeout, wait, renew, on_lost)

    def counts(self) -> LockCounts:
        """A copy of the counters."""
        return replace(self._counts)

    def held(self) -> list[HeldLock]:
        """The locks that this process holds now."""
        now = monotonic()
        return [
            HeldLock(one.key, one.token, now - one.taken_at)
            for one in list(self._held.values())
            if one.held
        ]

    def close(self) -> None:
        """End the threads; what is still held ends with its lease."""
        self._renewer.close()
        self._wakeups.close()

    def find(self, key: str, owner: Owner) -> Holding | None:
        """What ``owner`` holds under ``key``."""
        holding = self._held.get((key, owner))
        # The ids of threads that have ended are given to new ones.
        return None if holding is None or holding.orphaned else holding

    def take(
        self,
        lock: OptimizedDistributedLock,
        owner: Owner,
        wait: float,
        on_lost: Callable[[], None] | None,
    ) -> Holding | None:
        """Take ``lock`` from Redis; None if it was not to be had.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        attempt = Attempt(
            self._redis, self._turnstile, self._wakeups, lock.key, lock.keys, lock.timeout
        )
        try:
            holding = attempt.run(wait, owner, lock.renew, on_lost)
        finally:
            self._counts.contended += attempt.contended
        if holding is None:
            self._counts.refused += 1
            return None
        self._counts.acquired += 1
        self._held[lock.key, owner] = holding
        if lock.renew or on_lost is not None:
            self._renewer.add(holding)
        return holding

    def give_back(self, holding: Holding) -> bool:
        """Give the lock back to Redis; False if it was lost."""
        self._renewer.remove(holding)
        self._held.pop((holding.key, holding.owner), None)
        try:
            kept: bool = self._redis.scripts.run(RELEASE, holding.keys, [holding.value]) == 1
        except (StoreUnavailable, exceptions.RedisError) as error:
            self._counts.unreleased += 1
            log.warning("lock '%s' ends with its lease, Redis is away: %s", holding.key, error)
            kept = True
        kept = kept and not holding.lost
        self._counts.lost += not kept
        return kept

    def value_of(self, keys: LockKeys) -> str | None:
        """What stands in Redis for a lock."""
        value: bytes | None = self._redis.client.get(keys.lock)
        return None if value is None else value.decode()
