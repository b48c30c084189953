"""The Flask extension: gives each application its own hybrid cache."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, current_app

from yoto.cache.batch import Answers, ManyLoader
from yoto.cache.counts import CacheStats
from yoto.cache.entry import Entry, PlaceKey
from yoto.cache.loading import Loader, Tier
from yoto.cache.position import Position
from yoto.cache.settings import RETIRED, CacheSettings
from yoto.cache.tiered import TieredCache
from yoto.monitor import Recorder
from yoto.nodes import NodeId
from yoto.optimization import AdvancedOptimization, DistributedLocks
from yoto.redis import RedisConnection, RedisStore

EXTENSION_KEY = "yoto.cache"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheState:
    """What the extension keeps in an application."""

    cache: TieredCache


class HybridPermissionCache:
    """``cache = HybridPermissionCache()``; holds no state of its own.

    Reads the keys of ``yoto.cache.settings.KEYS``. The application needs ``RedisStore`` and
    ``AdvancedOptimization``, unless ``init_app`` is given what they would give.
    """

    def init_app(
        self,
        app: Flask,
        redis: RedisConnection | None = None,
        locks: DistributedLocks | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Check the configuration and set up the cache; nothing connects before the first use.

        Args:
            recorder: takes the times of reads and loads; by default nobody reads them.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
            RuntimeError: an extension that is needed was not initialised.
        """
        settings = CacheSettings.from_config(app.config)
        for key in RETIRED:
            if app.config.get(key) is not None:
                log.warning("%s is deprecated and ignored: its store was removed; delete it", key)
        cache = TieredCache(
            redis or RedisStore.of(app),
            locks or AdvancedOptimization.of(app).locks,
            settings,
            surroundings=app.app_context,
            recorder=recorder,
        )
        app.extensions[EXTENSION_KEY] = CacheState(cache)

    @staticmethod
    def of(app: Flask) -> TieredCache:
        """The cache of ``app``, for those who hold on to it.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        state = app.extensions.get(EXTENSION_KEY)
        if not isinstance(state, CacheState):
            raise RuntimeError("this application has no cache: call cache.init_app(app) first")
        return state.cache

    @property
    def current(self) -> TieredCache:
        """The cache of the current application."""
        return self.of(current_app)

    def get_or_load(
        self,
        user_id: int,
        place: PlaceKey,
        loader: Loader,
        at_least: Position | str | None = None,
    ) -> tuple[Entry, Tier]:
        """See ``TieredCache.get_or_load``."""
        return self.current.get_or_load(user_id, place, loader, at_least)

    def get_or_load_many(
        self,
        user_ids: Sequence[int],
        place: PlaceKey,
        loader: ManyLoader,
        at_least: Position | str | None = None,
    ) -> Answers:
        """See ``TieredCache.get_or_load_many``."""
        return self.current.get_or_load_many(user_ids, place, loader, at_least)

    def invalidate_user(self, user_id: int) -> Position:
        """See ``TieredCache.invalidate_user``."""
        return self.current.invalidate_user(user_id)

    def invalidate_role(self, role_id: int) -> Position:
        """See ``TieredCache.invalidate_role``."""
        return self.current.invalidate_role(role_id)

    def invalidate_node(self, type_name: str, node_id: NodeId) -> Position:
        """See ``TieredCache.invalidate_node``."""
        return self.current.invalidate_node(type_name, node_id)

    def invalidate_all(self) -> Position:
        """See ``TieredCache.invalidate_all``."""
        return self.current.invalidate_all()

    def stats(self) -> CacheStats:
        """See ``TieredCache.stats``."""
        return self.current.stats()
