"""Several locks, taken together or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from yoto.errors import LockLost, LockNotAcquired, ValidationFailed
from yoto.optimization.lock.lock import OptimizedDistributedLock

# Each is held while the next ones are waited for.
MOST_KEYS = 64


def in_order(keys: Iterable[str]) -> list[str]:
    """The order in which everybody takes these locks, so that no two wait for each other.

    Raises:
        ValidationFailed: none, more than 64, or one text in place of several.
    """
    found = [] if isinstance(keys, str) else sorted(set(keys))
    if not 1 <= len(found) <= MOST_KEYS:
        raise ValidationFailed({"keys": f"must be 1 to {MOST_KEYS} names of locks, not {keys!r}"})
    return found


class Once:
    """Notifies a listener once until it is set again, however many calls there are."""

    def __init__(self, listener: Callable[[], None]) -> None:
        self._listener = listener
        self._mutex = threading.Lock()
        self._notified = False

    def __call__(self) -> None:
        with self._mutex:
            notified, self._notified = self._notified, True
        if not notified:
            self._listener()

    def set(self) -> None:
        """Notify again at the next call."""
        self._notified = False


class MultiLock:
    """Locks of several keys as one. Use it as ``OptimizedDistributedLock``.

    They are taken one after the other, always in the order of their names, each in the slot of the
    cluster that it is in; if one is unavailable, those taken before are given back. So its holder
    is never seen to work with some of them, no waiters form a circle, and a waiter for the last of
    them keeps others from the first ones meanwhile.
    """

    def __init__(self, locks: Sequence[OptimizedDistributedLock], on_lost: Once | None) -> None:
        """``locks``: by ``in_order``."""
        self._locks = locks
        self._on_lost = on_lost

    @property
    def keys(self) -> tuple[str, ...]:
        """The names, in the order in which they are taken."""
        return tuple(lock.key for lock in self._locks)

    def acquire(self, wait: float | None = None) -> bool:
        """Take all, waiting at most ``wait`` seconds for them together (by default the lock's own).

        Returns:
            Whether they were taken.

        Raises:
            StoreUnavailable: Redis did not respond; none is kept.
            LockLost: the caller holds one of them already, but has lost it meanwhile.
            ValidationFailed: ``wait`` out of its range.
        """
        try:
            self._acquire(wait)
        except LockNotAcquired:
            return False
        return True

    def _acquire(self, wait: float | None = None) -> None:
        """As ``acquire``; raises ``LockNotAcquired`` with the key that was not acquired."""
        deadline = monotonic() + (self._locks[0].terms.wait if wait is None else wait)
        if self._on_lost is not None:
            self._on_lost.set()
        taken: list[OptimizedDistributedLock] = []
        try:
            for lock in self._locks:
                if not lock._acquire(max(0.0, deadline - monotonic()) if taken else wait):
                    raise LockNotAcquired(lock.key)
                taken.append(lock)
            # One whose lease is not renewed may have ended while the others were waited for.
            self.check()
        except BaseException as error:
            _give_back(taken)
            if isinstance(error, LockLost) and len(taken) == len(self._locks):
                raise LockNotAcquired(error.key) from None
            raise

    def release(self) -> None:
        """Give all back.

        Raises:
            LockLost: one was lost before, the first of those; the work under them may have
                been done twice.
            RuntimeError: the caller does not hold them.
        """
        lost = _give_back(self._locks)
        if lost is not None:
            raise lost

    @property
    def tokens(self) -> dict[str, int]:
        """The caller's fencing token of each lock.

        Raises:
            RuntimeError: the caller does not hold them.
        """
        return {lock.key: lock.token for lock in self._locks}

    @property
    def held(self) -> bool:
        """Whether the caller holds all for sure, by its own clock; no round trip."""
        return all(lock.held for lock in self._locks)

    def check(self) -> None:
        """Return if the caller holds all for sure; no round trip.

        Raises:
            LockLost: one was lost.
            RuntimeError: the caller never took them.
        """
        for lock in self._locks:
            lock.check()

    def extend(self, seconds: float) -> None:
        """Keep all for ``seconds`` from now on at least; raises as a lock's ``extend``."""
        for lock in self._locks:
            lock.extend(seconds)

    def __enter__(self) -> Self:
        self._acquire()
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


def _give_back(locks: Sequence[OptimizedDistributedLock]) -> LockLost | None:
    """Give each back, the last first; the first that was lost."""
    lost: LockLost | None = None
    for lock in reversed(locks):
        try:
            lock.release()
        except LockLost as error:
            lost = error
    return lost
