"""Prefetching: the choice of places, the budget, and the fate of each prefetch."""

from yoto.rooms.prefetch.fetching.fetch_pool import FetchPool
from yoto.rooms.prefetch.fetching.prefetcher import PrefetchStats, SmartPrefetcher
from yoto.rooms.prefetch.fetching.task import TaskReport
from yoto.rooms.prefetch.fetching.view import PermissionCacheView

__all__ = [
    "FetchPool",
    "PermissionCacheView",
    "PrefetchStats",
    "SmartPrefetcher",
    "TaskReport",
]
