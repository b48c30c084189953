"""The procedure of taking a lock: ask, queue, wait to be woken, ask again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from yoto.deadlines import check_deadline, ending, left_of, spending
from yoto.errors import LockUnconfirmed
from yoto.fifo_lock import FifoLock
from yoto.moments import milliseconds
from yoto.optimization.lock.holding import Holding, Owner
from yoto.optimization.lock.scripts import ABANDON, ACQUIRE, LockKeys
from yoto.optimization.lock.timing import MeasuredTimes, fence_ttl
from yoto.optimization.lock.wakeups import WakeUps
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of taking a lock. Checked already; times in seconds.

    Attributes:
        timeout: the lease.
        wait: how long to wait for another owner.
        renew: whether the lease is kept while the lock is held.
        on_lost: called when it cannot be kept.
        replicas: how many must have the lock before it counts as taken.
        replica_wait: how long they may take.
        of_process: whether it belongs to the process, and not to the thread that took it.
    """

    timeout: float
    wait: float
    renew: bool
    on_lost: Callable[[], None] | None
    replicas: int
    replica_wait: float
    of_process: bool = False


class Attempt:
    """One try to take the lock ``key``; used once."""

    def __init__(
        self,
        redis: RedisConnection,
        fifo_lock: FifoLock,
        wakeups: WakeUps,
        measured: MeasuredTimes,
        key: str,
        keys: LockKeys,
        terms: Terms,
    ) -> None:
        self._redis = redis
        self._fifo_lock = fifo_lock
        self._wakeups = wakeups
        self._measured = measured
        self._times = measured.current()
        self._key = key
        self._keys = keys
        self._terms = terms
        # The lease is part of it, so that a waiter can detect one that ends too late.
        self._lease_ms = milliseconds(terms.timeout)
        self._id = f"{secrets.token_hex(8)}.{self._lease_ms}"
        self._ticket: str | bytes = ""
        self.contended = False

    def run(self, wait: float, owner: Owner) -> Holding | None:
        """Try for ``wait`` seconds (0: once); None if another owner had it all the while.

        Raises:
            StoreUnavailable: Redis did not respond.
            DeadlineExceeded: the caller's deadline came first.
            LockUnconfirmed: the requested replicas did not; the lock is free now.
        """
        wait = left_of(wait)
        deadline = monotonic() + wait
        if not self._fifo_lock.enter(self._key, wait):
            self.contended = True
            check_deadline()
            return None
        token = None
        try:
            with spending("lock"):
                token, sent = self._until(deadline, wait > 0)
        finally:
            self._fifo_lock.leave(self._key)
            if token is None:
                with ending():
                    self._abandon()
        if token is None:
            check_deadline()
        return None if token is None else self._holding(token, owner, sent)

    def _holding(self, token: int, owner: Owner, sent: float) -> Holding:
        terms = self._terms
        return Holding(
            self._key,
            self._keys,
            token,
            f"{token}:{self._id}",
            terms.timeout,
            owner,
            sent,
            self._times.renew_after(terms.timeout) if terms.renew else None,
            terms.on_lost,
        )

    def _until(self, deadline: float, may_wait: bool) -> tuple[int | None, float]:
        sent = monotonic()
        token, latest = self._ask(may_wait)
        if token is not None:
            return token, sent
        self.contended = True
        if not may_wait:
            return None, sent
        poll = self._times.first_poll
        with self._wakeups.waiting(self._id) as woken:
            while (left := deadline - monotonic()) > 0:
                woken.wait(min(left, poll, latest))
                woken.clear()
                poll = min(poll * 2, self._times.longest_poll)
                sent = monotonic()
                token, latest = self._ask(may_wait)
                if token is not None:
                    return token, sent
        return None, sent

    def _ask(self, may_wait: bool) -> tuple[int | None, float]:
        """The token, or None and the seconds after which to ask again at the latest."""
        args = (
            self._id,
            self._lease_ms,
            milliseconds(fence_ttl(self._terms.timeout)),
            self._ticket,
            milliseconds(self._times.patience) if may_wait else 0,
            self._wakeups.channel,
        )
        taken, number, *ticket = self._run(args)
        if taken:
            return int(number), 0.0
        self._ticket = ticket[0]
        return None, (number + 1) / 1000

    def _run(self, args: tuple[str | bytes | int, ...]) -> Any:
        terms = self._terms
        if not terms.replicas:
            sent = monotonic()
            reply = self._redis.scripts.run(ACQUIRE, self._keys, args)
            self._measured.note(sent)
            return reply
        reply, confirmed = self._redis.scripts.run_confirmed(
            ACQUIRE, self._keys, args, terms.replicas, terms.replica_wait
        )
        if reply[0] and confirmed < terms.replicas:
            raise LockUnconfirmed(self._key, confirmed)
        return reply

    def _abandon(self) -> None:
        """Clean up; keys that cannot be removed now expire."""
        if self.contended and not self._ticket:
            return
        with suppress(*REDIS_UNAVAILABLE):
            keys = [self._keys.lock, self._keys.waiters]
            self._redis.scripts.run(ABANDON, keys, [self._id, self._ticket])
