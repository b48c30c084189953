"""Prefetching: which places, within which budget, and what became of each."""

from app.core.prefetch.fetching.lanes import Lanes
from app.core.prefetch.fetching.prefetcher import SmartPrefetcher, Visited
from app.core.prefetch.fetching.stats import PrefetchStats
from app.core.prefetch.fetching.task import PrefetchTask, TaskState
from app.core.prefetch.fetching.view import CacheView, PermissionCacheView

__all__ = [
    "CacheView",
    "Lanes",
    "PermissionCacheView",
    "PrefetchStats",
    "PrefetchTask",
    "SmartPrefetcher",
    "TaskState",
    "Visited",
]
