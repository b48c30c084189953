"""The distributed lock."""

from app.core.optimization.lock.lock import OptimizedDistributedLock
from app.core.optimization.lock.service import DistributedLocks, HeldLock, LockCounts

__all__ = ["DistributedLocks", "HeldLock", "LockCounts", "OptimizedDistributedLock"]
