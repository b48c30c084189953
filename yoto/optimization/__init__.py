"""Work behind the scenes: the distributed lock, and the queues and counts that rooms bring."""

from __future__ import annotations

from yoto.lazy import exports
from yoto.optimization.extension import AdvancedOptimization, OptimizationState
from yoto.optimization.lock import (
    DistributedLocks,
    Elected,
    Fence,
    FencedStore,
    LockState,
    OptimizedDistributedLock,
    elected_by,
    keeps_lock,
)
from yoto.optimization.lock_decorator import locked

# The requirements and the guides have these names of the room ``queues`` here.
__getattr__ = exports(
    __name__,
    {
        "BatchQueue": "yoto.rooms.queues.batch",
        "QueueItem": "yoto.rooms.queues.batch",
        "SmartInvalidation": "yoto.rooms.queues.invalidation",
        "Strategy": "yoto.rooms.queues.invalidation",
        "Submission": "yoto.rooms.queues.invalidation",
    },
)

__all__ = [
    "AdvancedOptimization",
    "DistributedLocks",
    "Elected",
    "Fence",
    "FencedStore",
    "LockState",
    "OptimizationState",
    "OptimizedDistributedLock",
    "elected_by",
    "keeps_lock",
    "locked",
]
