"""Work behind the scenes: the distributed lock, the batch queue, invalidation, hot counts."""

from yoto.optimization.extension import AdvancedOptimization, OptimizationState
from yoto.optimization.hot import HotCounts, HotSettings, Pair
from yoto.optimization.invalidation import (
    Analysis,
    Figures,
    Health,
    InvalidationSettings,
    InvalidationStats,
    LogAccess,
    Receipt,
    SmartInvalidation,
    Strategy,
    Submission,
    Window,
)
from yoto.optimization.lock import (
    DistributedLocks,
    Fence,
    FencedStore,
    LockState,
    OptimizedDistributedLock,
    elected_by,
    keeps_lock,
)
from yoto.optimization.lock_decorator import locked
from yoto.optimization.queue import (
    Amounts,
    BatchQueue,
    ConsumerStats,
    DeadLetter,
    DeadLetters,
    KindStats,
    QueueItem,
    QueueSettings,
    QueueStats,
)

__all__ = [
    "AdvancedOptimization",
    "Analysis",
    "BatchQueue",
    "Amounts",
    "ConsumerStats",
    "DeadLetter",
    "DeadLetters",
    "DistributedLocks",
    "Fence",
    "FencedStore",
    "Figures",
    "Health",
    "HotCounts",
    "HotSettings",
    "InvalidationSettings",
    "InvalidationStats",
    "KindStats",
    "LockState",
    "LogAccess",
    "OptimizationState",
    "OptimizedDistributedLock",
    "Pair",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
    "Receipt",
    "SmartInvalidation",
    "Strategy",
    "Submission",
    "Window",
    "elected_by",
    "keeps_lock",
    "locked",
]
