"""The hybrid cache: process memory, Redis, and the log that keeps them right."""

from yoto.cache import subjects
from yoto.cache.batch import Answers, ManyLoader
from yoto.cache.counts import CacheCounts, CacheStats
from yoto.cache.entry import (
    ACCOUNT_PLACE,
    GLOBAL_PLACE,
    Entry,
    Loaded,
    PlaceKey,
)
from yoto.cache.extension import CacheState, HybridPermissionCache
from yoto.cache.listeners import Listener
from yoto.cache.loading import Loader, Tier
from yoto.cache.local import Slot
from yoto.cache.log import InvalidationLog, LogEntry
from yoto.cache.memory import Lookup
from yoto.cache.position import ORIGIN, Position
from yoto.cache.settings import CacheSettings, StoreSettings
from yoto.cache.tailer import Tailer
from yoto.cache.tiered import TieredCache
from yoto.nodes import NodeId, key_text, node_key, parse_text, place_key, text_of, type_of

__all__ = [
    "ACCOUNT_PLACE",
    "GLOBAL_PLACE",
    "ORIGIN",
    "Answers",
    "CacheCounts",
    "CacheSettings",
    "CacheState",
    "CacheStats",
    "Entry",
    "HybridPermissionCache",
    "InvalidationLog",
    "Listener",
    "Loaded",
    "Loader",
    "LogEntry",
    "Lookup",
    "ManyLoader",
    "NodeId",
    "PlaceKey",
    "Position",
    "Slot",
    "StoreSettings",
    "Tailer",
    "Tier",
    "TieredCache",
    "key_text",
    "node_key",
    "parse_text",
    "place_key",
    "subjects",
    "text_of",
    "type_of",
]
