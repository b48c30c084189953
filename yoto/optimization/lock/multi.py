"""Several locks as one object: deprecated, and removed in the release after 2.0.0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from time import monotonic
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


class MultiLock:
    """All of the locks or none, for ``with``, or ``acquire`` and ``release``.

    Each is a lock of ``create_lock``, which raises what they do here too.
    """

    def __init__(self, locks: Sequence[OptimizedDistributedLock]) -> None:
        """``locks``: one or more, by ``in_order``."""
        self._locks = locks

    @property
    def keys(self) -> tuple[str, ...]:
        """The names, in the order in which the locks are taken."""
        return tuple(lock.key for lock in self._locks)

    def acquire(self, wait: float | None = None) -> bool:
        """Take all within ``wait`` seconds (by default a lock's own); False: none is kept."""
        try:
            self._acquire(wait)
        except LockNotAcquired:
            return False
        return True

    def _acquire(self, wait: float | None = None) -> None:
        deadline = monotonic() + (self._locks[0].terms.wait if wait is None else wait)
        with ExitStack() as taken:
            for number, lock in enumerate(self._locks):
                left = max(0.0, deadline - monotonic()) if number else wait
                if not lock._acquire(left):
                    raise LockNotAcquired(lock.key)
                taken.push(lock)
            try:
                # A lease that is not renewed may have ended while the others were waited for.
                self.check()
            except LockLost as error:
                raise LockNotAcquired(error.key) from None
            taken.pop_all()

    def release(self) -> None:
        """Give all back; raises the ``LockLost`` of one that was lost."""
        with ExitStack() as held:
            for lock in self._locks:
                held.callback(lock.release)

    @property
    def tokens(self) -> dict[str, int]:
        """The caller's fencing token of each lock."""
        return {lock.key: lock.token for lock in self._locks}

    @property
    def held(self) -> bool:
        """Whether the caller holds all for sure, by its own clock; no round trip."""
        return all(lock.held for lock in self._locks)

    def check(self) -> None:
        """Return if the caller holds all for sure; no round trip."""
        for lock in self._locks:
            lock.check()

    def extend(self, seconds: float) -> None:
        """Keep all for ``seconds`` from now on at least."""
        for lock in self._locks:
            lock.extend(seconds)

    def __enter__(self) -> Self:
        self._acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.release()
        except LockLost:
            # The exception from inside says more; the loss was logged.
            if kind is None:
                raise
