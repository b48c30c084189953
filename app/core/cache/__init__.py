"""The hybrid cache: process memory, Redis, and the log that keeps them right."""

from app.core.cache.coherence import Coherence
from app.core.cache.entry import GLOBAL_PLACE, Entry, Loaded, PlaceKey, place_key
from app.core.cache.log import InvalidationLog
from app.core.cache.position import Position
from app.core.cache.settings import CacheSettings, StoreSettings
from app.core.cache.tailer import Tailer

__all__ = [
    "GLOBAL_PLACE",
    "CacheSettings",
    "Coherence",
    "Entry",
    "InvalidationLog",
    "Loaded",
    "PlaceKey",
    "Position",
    "StoreSettings",
    "Tailer",
    "place_key",
]
