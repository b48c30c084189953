"""Work behind the scenes: the distributed lock."""

from app.core.optimization.extension import AdvancedOptimization, OptimizationState
from app.core.optimization.lock import (
    DistributedLocks,
    HeldLock,
    LockCounts,
    OptimizedDistributedLock,
)

__all__ = [
    "AdvancedOptimization",
    "DistributedLocks",
    "HeldLock",
    "LockCounts",
    "OptimizationState",
    "OptimizedDistributedLock",
]
