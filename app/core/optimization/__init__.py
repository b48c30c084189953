"""Work behind the scenes: the distributed lock."""

from app.core.optimization.extension import AdvancedOptimization, OptimizationState
from app.core.optimization.lock import (
    DistributedLocks,
    Fence,
    FencedStore,
    HeldLock,
    ListedLock,
    LockCounts,
    LockView,
    OptimizedDistributedLock,
    Pace,
)

__all__ = [
    "AdvancedOptimization",
    "DistributedLocks",
    "Fence",
    "FencedStore",
    "HeldLock",
    "ListedLock",
    "LockCounts",
    "LockView",
    "OptimizationState",
    "OptimizedDistributedLock",
    "Pace",
]
