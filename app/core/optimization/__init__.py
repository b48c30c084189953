"""Work behind the scenes: the distributed lock, the batch queue, invalidation, hot counts."""

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
from app.core.optimization.queue import (
    QUEUE_KEYS,
    BatchQueue,
    ConsumerStats,
    DeadLetter,
    DeadLetters,
    KindCounts,
    KindStats,
    QueueItem,
    QueueSettings,
    QueueStats,
)

__all__ = [
    "INVALIDATION_RANGES",
    "INVALIDATION_STRATEGIES",
    "QUEUE_KEYS",
    "AdvancedOptimization",
    "Analysis",
    "BatchQueue",
    "ConsumerStats",
    "DeadLetter",
    "DeadLetters",
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
    "KindCounts",
    "KindStats",
    "LockCounts",
    "LogAccess",
    "OptimizationState",
    "OptimizedDistributedLock",
    "Pair",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
    "Receipt",
    "Recommendation",
    "SmartInvalidation",
    "Strategy",
    "Submission",
    "Window",
]
