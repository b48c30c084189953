"""The lock object that callers use."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import NoReturn, Self

from yoto.errors import LockLost, LockNotAcquired, LockUnconfirmed
from yoto.optimization.lock import timing
from yoto.optimization.lock.attempt import Terms
from yoto.optimization.lock.holding import THE_PROCESS, Holding, Owner
from yoto.optimization.lock.owned import OwnedLocks
from yoto.optimization.lock.scripts import LockKeys

# The holding of an owner that does not have the lock.
NOTHING: tuple[None, int] = (None, 0)
NO_TICKETS = (
    "tickets of locks were removed in 2.0.0: let the process that finishes the job take the lock"
    " itself, by create_lock, and keep in a row or a queue that the job was given to it"
)


class OptimizedDistributedLock:
    """A lock that at most one owner in all processes holds.

    Use it as a context manager, or call ``acquire`` and ``release``. Its owner (a thread, or a
    greenlet where threads are greenlets) may take it again and gives it back as many times. While
    it is held, its lease is renewed; a holder that dies loses it when the lease ends.

    A lease cannot stop a holder that was paused past its end from going on. A writer
    under the lock sends ``token`` along and lets the other side refuse a smaller one than it saw
    (M. Kleppmann, "How to do distributed locking", 2016).
    """

    def __init__(
        self,
        owned: OwnedLocks,
        key: str,
        keys: LockKeys,
        terms: Terms,
    ) -> None:
        self._owned = owned
        self.key = key
        self.keys = keys
        self.terms = terms
        # By owner, since one object may serve many threads; with a count, since one may take it
        # again.
        self._taken: dict[Owner, tuple[Holding | None, int]] = {}

    def acquire(self, wait: float | None = None) -> bool:
        """Take the lock, waiting at most ``wait`` seconds (by default the lock's own, 0: one try).

        Returns:
            Whether it was taken.

        Raises:
            StoreUnavailable: Redis did not respond.
            LockLost: the caller holds it already, but has lost it meanwhile.
            ValidationFailed: ``wait`` out of its range.
        """
        try:
            return self._acquire(wait)
        except LockUnconfirmed:
            return False

    def _acquire(self, wait: float | None = None) -> bool:
        """As ``acquire``; raises ``LockUnconfirmed`` when too few replicas confirmed it."""
        if wait is None:
            wait = self.terms.wait
        else:
            timing.check_times(self.terms.timeout, wait)
        owner = self._who()
        holding = self._found(owner)
        if holding is None:
            holding = self._owned.take(self.key, self.keys, self.terms, owner, wait)
            if holding is None:
                return False
            self._taken[owner] = holding, 1
            return True
        if not holding.held:
            raise LockLost(self.key, holding.token)
        holding.depth += 1
        _, times = self._taken.get(owner, NOTHING)
        self._taken[owner] = holding, times + 1
        return True

    def _found(self, owner: Owner) -> Holding | None:
        """The holding of ``owner``, taken by any object."""
        return self._owned.find(self.keys, owner)

    def extend(self, seconds: float) -> None:
        """Keep the lock for at least ``seconds`` from now on, whatever happens to this process.

        A lease that is renewed has this length from then on; one that lasts longer by now stays.

        Raises:
            LockLost: it was lost.
            RuntimeError: the caller does not hold it.
            StoreUnavailable: Redis did not respond; it may be kept for so long all the same.
            ValidationFailed: ``seconds`` out of the range of ``timeout``.
        """
        timing.check_times(seconds, 0)
        holding = self._mine(self._who())
        if not self._owned.leases.lengthen(holding, seconds):
            raise LockLost(self.key, holding.token)

    def detach(self, within: float | None = None) -> NoReturn:
        """Removed in 2.0.0, with its tickets; the lock stays as it is.

        Raises:
            RuntimeError: always; it names the remedy.
        """
        raise RuntimeError(NO_TICKETS)

    def release(self) -> None:
        """Give the lock back. Without Redis it is not given back but ends with its lease.

        Raises:
            LockLost: it was lost before; the work under it may have been done twice.
            RuntimeError: the caller does not hold it.
        """
        owner = self._who()
        holding = self._mine(owner)
        times = self._taken.pop(owner)[1] - 1
        if times:
            self._taken[owner] = holding, times
        holding.depth -= 1
        if not holding.depth and not self._owned.give_back(holding):
            raise LockLost(self.key, holding.token)

    @property
    def token(self) -> int:
        """The caller's fencing token: each holder's is larger than all before.

        Raises:
            RuntimeError: the caller does not hold the lock.
        """
        return self._mine(self._who()).token

    @property
    def held(self) -> bool:
        """Whether the caller holds the lock for sure, by its own clock; no round trip."""
        holding, _ = self._taken.get(self._who(), NOTHING)
        return holding is not None and holding.held

    def check(self) -> None:
        """Return if the caller holds the lock for sure; no round trip.

        Raises:
            LockLost: it was lost.
            RuntimeError: the caller never took it.
        """
        holding = self._mine(self._who())
        if not holding.held:
            raise LockLost(self.key, holding.token)

    def locked(self) -> bool:
        """Whether the lock is held, according to Redis.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        return self._owned.value_of(self.keys) is not None

    def owned(self) -> bool:
        """Whether the caller holds the lock, according to Redis.

        Raises:
            StoreUnavailable: Redis did not respond.
        """
        holding, _ = self._taken.get(self._who(), NOTHING)
        return holding is not None and self._owned.value_of(self.keys) == holding.value

    def __enter__(self) -> Self:
        if not self._acquire():
            raise LockNotAcquired(self.key)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.release()
        except LockLost:
            # The exception from inside says more; the loss was logged.
            if error is None:
                raise

    def _who(self) -> Owner:
        return (os.getpid(), THE_PROCESS) if self.terms.of_process else _owner()

    def _mine(self, owner: Owner) -> Holding:
        holding, _ = self._taken.get(owner, NOTHING)
        if holding is None or holding.orphaned:
            raise RuntimeError(f"lock '{self.key}' is not held by this thread")
        return holding


def _owner() -> Owner:
    return os.getpid(), threading.get_ident()
