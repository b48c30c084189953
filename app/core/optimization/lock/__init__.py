"""The distributed lock."""

from app.core.optimization.lock.fence import Fence, FencedStore
from app.core.optimization.lock.listing import ListedLock
from app.core.optimization.lock.lock import OptimizedDistributedLock
from app.core.optimization.lock.pace import Pace
from app.core.optimization.lock.service import (
    DistributedLocks,
    HeldLock,
    LockCounts,
    LockStanding,
    LockView,
)

__all__ = [
    "DistributedLocks",
    "Fence",
    "FencedStore",
    "HeldLock",
    "ListedLock",
    "LockCounts",
    "LockStanding",
    "LockView",
    "OptimizedDistributedLock",
    "Pace",
]
