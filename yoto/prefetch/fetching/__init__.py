"""Prefetching: the choice of places, the budget, and the fate of each prefetch."""

from yoto.prefetch.fetching.fetch_pool import FetchPool
from yoto.prefetch.fetching.prefetcher import SmartPrefetcher
from yoto.prefetch.fetching.stats import PrefetchStats
from yoto.prefetch.fetching.task import TaskReport
from yoto.prefetch.fetching.view import PermissionCacheView

__all__ = [
    "FetchPool",
    "PermissionCacheView",
    "PrefetchStats",
    "SmartPrefetcher",
    "TaskReport",
]
