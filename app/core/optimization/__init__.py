"""Work behind the scenes: the distributed lock, and counts of what is asked for most."""

from app.core.optimization.extension import AdvancedOptimization, OptimizationState
from app.core.optimization.hot import HotCounts, HotPair, HotRole, HotSettings, HotStats, Pair
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
    "HotCounts",
    "HotPair",
    "HotRole",
    "HotSettings",
    "HotStats",
    "LockCounts",
    "OptimizationState",
    "OptimizedDistributedLock",
    "Pair",
]
