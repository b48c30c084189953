"""The Flask extension: gives each application its own hybrid cache."""

from __future__ import annotations

import logging

from flask import Flask

from yoto.cache.counts import CacheStats
from yoto.cache.entry import Entry, PlaceKey
from yoto.cache.loading import Loader, Tier
from yoto.cache.position import Position
from yoto.cache.settings import RETIRED, CacheSettings
from yoto.cache.tiered import TieredCache
from yoto.extension import Extension
from yoto.monitor import Recorder
from yoto.optimization import AdvancedOptimization, DistributedLocks
from yoto.redis import RedisConnection, RedisStore
from yoto.settings import settings_of

log = logging.getLogger(__name__)


class HybridPermissionCache(Extension[TieredCache]):
    """``cache = HybridPermissionCache()``.

    Reads ``MAX_STALENESS`` and the keys ``CACHE_...``. The application needs ``RedisStore`` and
    ``AdvancedOptimization``, unless ``init_app`` is given their objects.
    """

    key = "yoto.cache"

    def init_app(
        self,
        app: Flask,
        redis: RedisConnection | None = None,
        locks: DistributedLocks | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Check the configuration and set up the cache; nothing connects before the first use.

        Args:
            recorder: takes the times of reads and loads; by default they are not recorded.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
            RuntimeError: an extension that is needed was not initialised.
        """
        config = settings_of(app)
        settings = CacheSettings.from_config(config)
        for key in RETIRED:
            if config.get(key) is not None:
                log.warning("%s is deprecated and ignored: its store was removed; delete it", key)
        cache = TieredCache(
            redis or RedisStore.of(app),
            locks or AdvancedOptimization.of(app).locks,
            settings,
            app_context_factory=app.app_context,
            recorder=recorder,
        )
        self.keep(app, cache)

    def get_or_load(
        self,
        user_id: int,
        place: PlaceKey,
        loader: Loader,
        at_least: Position | str | None = None,
    ) -> tuple[Entry, Tier]:
        """See ``TieredCache.get_or_load``."""
        return self.current.get_or_load(user_id, place, loader, at_least)

    def invalidate_user(self, user_id: int) -> Position:
        """See ``TieredCache.invalidate_user``."""
        return self.current.invalidate_user(user_id)

    def stats(self) -> CacheStats:
        """See ``TieredCache.stats``."""
        return self.current.stats()
