"""Work behind the scenes: the distributed lock, hot counts, smart invalidation."""

from app.core.optimization.extension import AdvancedOptimization, OptimizationState
from app.core.optimization.hot import HotCounts, HotPair, HotRole, HotSettings, HotStats, Pair
from app.core.optimization.invalidation import RANGES as INVALIDATION_RANGES
from app.core.optimization.invalidation import STRATEGIES as INVALIDATION_STRATEGIES
from app.core.optimization.invalidation import (
    Analysis,
    Drained,
    Figures,
    Health,
    InvalidationSettings,
    InvalidationStats,
    LogAccess,
    Receipt,
    Recommendation,
    SmartInvalidation,
    Strategy,
    Submission,
    Window,
)
from app.core.optimization.lock import (
    DistributedLocks,
    HeldLock,
    LockCounts,
    OptimizedDistributedLock,
)

__all__ = [
    "INVALIDATION_RANGES",
    "INVALIDATION_STRATEGIES",
    "AdvancedOptimization",
    "Analysis",
    "DistributedLocks",
    "Drained",
    "Figures",
    "Health",
    "HeldLock",
    "HotCounts",
    "HotPair",
    "HotRole",
    "HotSettings",
    "HotStats",
    "InvalidationSettings",
    "InvalidationStats",
    "LockCounts",
    "LogAccess",
    "OptimizationState",
    "OptimizedDistributedLock",
    "Pair",
    "Receipt",
    "Recommendation",
    "SmartInvalidation",
    "Strategy",
    "Submission",
    "Window",
]
