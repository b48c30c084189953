"""The place where the requirements have the names of prefetching, which is a room."""

from __future__ import annotations

from yoto.lazy import exports

__getattr__ = exports(
    __name__,
    {
        "BehaviorAnalyzer": "yoto.rooms.prefetch.analyzer",
        "ClientSidePredictor": "yoto.rooms.prefetch.client",
        "SmartPrefetcher": "yoto.rooms.prefetch.fetching",
        "UserBehavior": "yoto.rooms.prefetch.steps",
    },
)
