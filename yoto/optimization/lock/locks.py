"""The locks of one application: creates them, lists those that are held, force-releases them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Annotated, Any

from yoto.moments import milliseconds
from yoto.monitor import Recorder
from yoto.optimization.lock import timing
from yoto.optimization.lock.attempt import Terms
from yoto.optimization.lock.fence import DEFAULT_TTL, FencedStore, check_token
from yoto.optimization.lock.listing import ListedLock
from yoto.optimization.lock.lock import OptimizedDistributedLock
from yoto.optimization.lock.owned import LockCounts, OwnedLocks
from yoto.optimization.lock.scripts import FORCE, LOOK, LockKeys
from yoto.optimization.lock.timing import LockTimes
from yoto.redis import RedisConnection
from yoto.rules import require_reason

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that this process holds: its fencing token and for how many seconds by now."""

    key: str
    token: int
    held_for: float


@dataclass(frozen=True, slots=True)
class LockState:
    """A lock that is held: its state in Redis now, and its holder's report."""

    name: str
    token: Annotated[int, "Fencing token"]
    lease_left_s: Annotated[float, "Until it ends, unless it is renewed"]
    waiting: Annotated[int, "Processes"]
    # None: not reported yet, as for a lock that was taken within the last second.
    holder: Annotated[str | None, "The worker that said so; null: unknown"] = None
    held_s: float | None = None
    heard_s: Annotated[float | None, "Since the holder said so"] = None


class DistributedLocks:
    """Makes locks that all processes of an application share. Safe for threads and greenlets."""

    def __init__(
        self,
        redis: RedisConnection,
        holder: str | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Nothing connects, and no thread starts, before the first lock is taken.

        Args:
            holder: the name of this process in the list of locks; by default host, process id
                and random digits.
            recorder: takes the times of taking locks; by default they are not recorded.
        """
        self._redis = redis
        self._owned = OwnedLocks(redis, holder, recorder)

    def create_lock(
        self,
        key: str,
        timeout: float | None = None,
        wait: float | None = None,
        renew: bool = True,
        on_lost: Callable[[], None] | None = None,
        replicas: int = 0,
        replica_wait: float | None = None,
        of_process: bool = False,
    ) -> OptimizedDistributedLock:
        """A lock named ``key``, not taken yet.

        Args:
            key: any text; equal keys are one lock.
            timeout: lease in seconds: how long the lock outlives a holder that died. By default 10,
                and more where Redis is slow (see ``LockTimes``).
            wait: seconds that ``acquire`` and ``with`` wait for another owner; by default half the
                default lease.
            renew: keep the lease while the lock is held; else it ends after ``timeout``.
            on_lost: called, in a thread of its own, when a lock that is held cannot be kept, and
                before another owner can have it.
            replicas: how many replicas must have the lock, else it is given back and the try fails.
            replica_wait: seconds that they may take; by default as many as the time-out of the
                socket allows.
            of_process: any thread of this process may give it back, and all of them hold it, as for
                an elected worker; it outlives the thread that took it.

        Raises:
            ValidationFailed: a time or number out of its range.
        """
        times = self._owned.times.current()
        timeout = times.lease if timeout is None else timeout
        wait = times.wait if wait is None else wait
        timing.check_times(timeout, wait)
        replica_wait = timing.check_replicas(
            replicas, replica_wait, self._redis.settings.socket_timeout
        )
        terms = Terms(timeout, wait, renew, on_lost, replicas, replica_wait, of_process)
        return OptimizedDistributedLock(self._owned, key, LockKeys.of(self._redis.keys, key), terms)

    def fenced_store(self, ttl: float = DEFAULT_TTL) -> FencedStore:
        """Values in Redis that only the newest holder of their lock may write."""
        return FencedStore(self._redis, ttl)

    def counts(self) -> LockCounts:
        """A copy of the counters."""
        return replace(self._owned.counts)

    def settings(self) -> LockTimes:
        """The times that this process uses now, and the round trip from which they follow."""
        return self._owned.times.current()

    def held(self) -> list[HeldLock]:
        """The locks that this process holds now."""
        now = monotonic()
        return [HeldLock(one.key, one.token, now - one.taken_at) for one in self._owned.holdings()]

    def held_anywhere(self) -> list[ListedLock]:
        """The locks that all processes have held for a second or more, as last reported.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        return self._owned.listing.all()

    def states(self, limit: int) -> tuple[list[LockState], int]:
        """Reported locks that are still held, and the number of reported ones.

        Held longest first; a lock that has another holder by now is shown as that one's.

        Args:
            limit: the most locks to look at.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        listed = self._owned.listing.all()
        shown = listed[:limit]
        views = self._look_many([one.key for one in shown])
        found: dict[str, LockState] = {}
        for one in shown:
            view = views[one.key]
            if view is None:
                continue
            if view.token == one.token:
                found[one.key] = _as_listed(view, one)
            else:
                found.setdefault(one.key, view)
        return list(found.values()), len({one.key for one in listed})

    def state_of(self, key: str) -> LockState | None:
        """The state of one lock, reported or not; None if it is not held.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        view = self.look(key)
        if view is None:
            return None
        for one in self._owned.listing.all():
            if (one.key, one.token) == (key, view.token):
                return _as_listed(view, one)
        return view

    def look(self, key: str) -> LockState | None:
        """The present holder of the lock ``key``, by Redis; None if there is none.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        return self._look_many([key])[key]

    def _look_many(self, keys: Sequence[str]) -> dict[str, LockState | None]:
        wanted = list(dict.fromkeys(keys))
        of_each = [LockKeys.of(self._redis.keys, key) for key in wanted]
        replies = self._redis.scripts.run_many(
            (LOOK, [one.lock, one.waiters], ()) for one in of_each
        )
        return {key: _view(key, reply) for key, reply in zip(wanted, replies, strict=True)}

    def force_release(self, key: str, token: int, reason: str) -> bool:
        """Force-release the lock ``key`` of the holder that has ``token``, wherever it is.

        For operators. The holder learns of it when it renews or gives back; until then it goes on,
        and only resources that compare fencing tokens are safe from it.

        Args:
            token: the token of the intended holder; a later holder keeps the lock.
            reason: for the log.

        Returns:
            Whether it was released; False if that holder has it no more.

        Raises:
            ValidationFailed: no reason, or no token of a lock.
            StoreUnavailable: Redis did not respond; it may have been released all the same.
        """
        check_token(token)
        require_reason(reason)
        ttl = milliseconds(timing.fence_ttl(0))
        done: bool = self._redis.scripts.run(
            FORCE, LockKeys.of(self._redis.keys, key)[:3], [token, ttl]
        )
        if done:
            self._owned.counts.forced += 1
            log.warning("lock '%s' (token %d) was taken away: %s", key, token, reason)
        return bool(done)

    def expect_end(self) -> None:
        """Announce that the threads of this process are about to end: ``close`` gives back their
        locks then, and no holder is warned of it."""
        self._owned.leases.ending = True

    def close(self) -> None:
        """End the threads. Locks of ended threads, and of the process, are given back,
        so that others need not wait for the lease; locks still held end with it."""
        self._owned.close()


def _as_listed(state: LockState, by: ListedLock) -> LockState:
    return replace(state, holder=by.holder, held_s=by.held_for, heard_s=by.silent_for)


def _view(key: str, reply: Sequence[Any]) -> LockState | None:
    if not reply:
        return None
    token, left, waiting = reply
    return LockState(key, int(token), left / 1000, waiting)
