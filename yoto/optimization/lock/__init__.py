"""The distributed lock."""

from yoto.optimization.lock.fence import Fence, FencedStore
from yoto.optimization.lock.listing import ListedLock
from yoto.optimization.lock.lock import OptimizedDistributedLock
from yoto.optimization.lock.multi import MultiLock
from yoto.optimization.lock.owned import LockCounts
from yoto.optimization.lock.pace import Pace
from yoto.optimization.lock.read_write import ReadWriteLock
from yoto.optimization.lock.service import (
    DistributedLocks,
    HeldLock,
    LockState,
)

__all__ = [
    "DistributedLocks",
    "Fence",
    "FencedStore",
    "HeldLock",
    "ListedLock",
    "LockCounts",
    "LockState",
    "MultiLock",
    "OptimizedDistributedLock",
    "Pace",
    "ReadWriteLock",
]
