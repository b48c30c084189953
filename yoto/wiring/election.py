"""Being the one worker of all that does something, for as long as that worker lives."""

from __future__ import annotations

from contextlib import suppress

from yoto.errors import LockLost
from yoto.optimization import OptimizedDistributedLock


def keeps(lock: OptimizedDistributedLock) -> bool:
    """Whether ``lock``, which it takes if it is free, is held here.

    Raises:
        StoreUnavailable: Redis did not answer.
    """
    if lock.held:
        return True
    try:
        return lock.acquire()
    except LockLost:
        # Ours until now. Given back, it can be taken again, by the first to come.
        with suppress(LockLost):
            lock.release()
        return False
