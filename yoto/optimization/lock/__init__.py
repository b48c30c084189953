"""The distributed lock."""

from yoto.optimization.lock.election import Elected, elected_by, keeps_lock
from yoto.optimization.lock.fence import Fence, FencedStore
from yoto.optimization.lock.lock import OptimizedDistributedLock
from yoto.optimization.lock.locks import DistributedLocks, LockState

__all__ = [
    "DistributedLocks",
    "Elected",
    "Fence",
    "FencedStore",
    "LockState",
    "OptimizedDistributedLock",
    "elected_by",
    "keeps_lock",
]
