"""The hybrid cache: process memory, Redis, and the log that keeps them right."""

from yoto.cache import tags
from yoto.cache.batch import FoundEntries
from yoto.cache.counts import CacheCounts, CacheStats
from yoto.cache.entry import ACCOUNT_PLACE, GLOBAL_PLACE, Entry, Loaded, PlaceKey
from yoto.cache.extension import HybridPermissionCache
from yoto.cache.loading import Tier
from yoto.cache.local import Slot
from yoto.cache.log import InvalidationLog, LogEntry
from yoto.cache.memory import Lookup
from yoto.cache.position import ORIGIN, Position
from yoto.cache.settings import STORES, CacheSettings, StoreSettings
from yoto.cache.tailer import Tailer
from yoto.cache.tiered import TieredCache
from yoto.nodes import NodeId, key_text, node_key, place_key

__all__ = [
    "ACCOUNT_PLACE",
    "GLOBAL_PLACE",
    "ORIGIN",
    "STORES",
    "FoundEntries",
    "CacheCounts",
    "CacheSettings",
    "CacheStats",
    "Entry",
    "HybridPermissionCache",
    "InvalidationLog",
    "Loaded",
    "LogEntry",
    "Lookup",
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
    "place_key",
    "tags",
]
