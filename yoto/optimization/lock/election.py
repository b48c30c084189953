"""Elects one worker of all for a piece of work: for as long as it lives, or for one turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeAlias

from yoto.errors import LockLost
from yoto.optimization.lock.lock import OptimizedDistributedLock
from yoto.optimization.lock.locks import DistributedLocks

log = logging.getLogger(__name__)

# Gives a context in which this worker is the elected one, if the value is true.
Elected: TypeAlias = Callable[[], AbstractContextManager[bool]]

# s after which another worker may take over from one that died within its turn.
TURN_TIMEOUT = 5.0


def keeps_lock(lock: OptimizedDistributedLock) -> bool:
    """Whether ``lock``, which it takes if it is free, is held here.

    Raises:
        StoreUnavailable: Redis did not answer.
    """
    if lock.held:
        return True
    try:
        return lock.acquire()
    except LockLost:
        # The lock was ours until now. Given back, it can be taken again, by the first to come.
        with suppress(LockLost):
            lock.release()
        return False


def elected_by(locks: DistributedLocks, name: str) -> Elected:
    """The worker that gets the lock of that name takes the turn."""

    @contextmanager
    def elected() -> Iterator[bool]:
        lock = locks.create_lock(name, TURN_TIMEOUT, wait=0)
        if not lock.acquire():
            yield False
            return
        try:
            yield True
        finally:
            try:
                lock.release()
            except LockLost:
                # A version comparison has prevented that anything was done twice.
                log.warning("a turn of '%s' took longer than its lock held", name)

    return elected
