"""The hybrid cache: process memory, Redis, and the log that keeps them right."""

from app.core.cache import subjects
from app.core.cache.batch import Answers, ManyLoader
from app.core.cache.counts import CacheCounts, CacheStats
from app.core.cache.entry import (
    ACCOUNT_PLACE,
    GLOBAL_PLACE,
    Concerns,
    Entry,
    Loaded,
    PlaceKey,
    place_key,
)
from app.core.cache.extension import CacheState, HybridPermissionCache
from app.core.cache.listeners import Listener
from app.core.cache.loading import Loader, Tier
from app.core.cache.local import Slot
from app.core.cache.log import InvalidationLog, LogEntry
from app.core.cache.memory import Lookup
from app.core.cache.position import ORIGIN, Position
from app.core.cache.settings import CacheSettings, StoreSettings
from app.core.cache.tailer import Tailer
from app.core.cache.tiered import TieredCache

__all__ = [
    "ACCOUNT_PLACE",
    "GLOBAL_PLACE",
    "ORIGIN",
    "Answers",
    "CacheCounts",
    "CacheSettings",
    "CacheState",
    "CacheStats",
    "Concerns",
    "Entry",
    "HybridPermissionCache",
    "InvalidationLog",
    "Listener",
    "Loaded",
    "Loader",
    "LogEntry",
    "Lookup",
    "ManyLoader",
    "PlaceKey",
    "Position",
    "Slot",
    "StoreSettings",
    "Tailer",
    "Tier",
    "TieredCache",
    "place_key",
    "subjects",
]
