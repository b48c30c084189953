"""Prefetching: which places, within which budget, and what became of each."""

from yoto.prefetch.fetching.lanes import Lanes
from yoto.prefetch.fetching.prefetcher import SmartPrefetcher, Visited
from yoto.prefetch.fetching.stats import PrefetchStats
from yoto.prefetch.fetching.task import PrefetchTask, TaskReport, TaskState
from yoto.prefetch.fetching.view import CacheView, PermissionCacheView

__all__ = [
    "CacheView",
    "Lanes",
    "PermissionCacheView",
    "PrefetchStats",
    "PrefetchTask",
    "SmartPrefetcher",
    "TaskReport",
    "TaskState",
    "Visited",
]
