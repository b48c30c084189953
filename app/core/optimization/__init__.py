"""Work behind the scenes: the distributed lock, the batch queue."""

from app.core.optimization.extension import AdvancedOptimization, OptimizationState
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
    "AdvancedOptimization",
    "BatchQueue",
    "ConsumerStats",
    "DeadLetter",
    "DeadLetters",
    "DistributedLocks",
    "HeldLock",
    "KindCounts",
    "KindStats",
    "LockCounts",
    "OptimizationState",
    "OptimizedDistributedLock",
    "QUEUE_KEYS",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
]
