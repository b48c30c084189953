"""Connects the queues to the parts of an application that they serve, and that watch them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flask import Flask

from yoto import cache as cache_layer
from yoto.cache import HybridPermissionCache, TieredCache
from yoto.monitor import Monitor
from yoto.optimization import AdvancedOptimization, OptimizationState
from yoto.parts.live_settings import follow_keys
from yoto.permission import Boundary, PermissionSystem
from yoto.settings import settings_of

from .batch import BatchQueue
from .handlers import register_permission_handlers
from .invalidation import LogAccess, SmartInvalidation, Submission
from .series import samples_of
from .settings import LIVE, InvalidationSettings, QueueSettings

# The prefix of fields of ``tuning:fleet``, which are named like the settings.
FIELDS = "invalidation_"


def provide(state: OptimizationState) -> dict[str, Any]:
    """The queues of an application; nothing connects and no thread starts.

    Raises:
        ConfigurationError: a value is out of its range; it names the key.
    """
    config = settings_of(state.app)
    queue = BatchQueue(
        state.redis,
        state.instance_id,
        QueueSettings.from_config(config),
        app_context_factory=state.app.app_context,
    )
    settings = InvalidationSettings.from_config(config)
    invalidation = SmartInvalidation(state.redis, state.locks, settings)
    return {"queue": queue, "invalidation": invalidation}


def log_of(cache: TieredCache) -> LogAccess:
    """The log of ``cache``, as the queue of invalidations wants it."""
    tags = cache_layer.tags
    return LogAccess(cache.invalidate, tags.is_known, tags.memory, tags.GLOBAL)


def wire(app: Flask) -> None:
    """Let ``app`` have the queues; nothing connects and no thread starts."""
    state = AdvancedOptimization.of(app)
    state.invalidation.connect(log_of(HybridPermissionCache.of(app)))
    register_permission_handlers(state.queue)
    watch = PermissionSystem.boundaries_of(app)
    if watch is not None:
        watch.queue = _ahead(state.invalidation, watch.settings.margin)
    if Monitor.key in app.extensions:
        _follow(app, state)
        Monitor.of(app).add_slow_source("queues", samples_of(app))


def start(app: Flask) -> None:
    """Handle items, and publish invalidations, from now on."""
    state = AdvancedOptimization.of(app)
    state.invalidation.start()
    state.queue.start()


def close(app: Flask) -> None:
    """End that work; it may start again. Handlers use resources that are closed later."""
    state = AdvancedOptimization.of(app)
    state.queue.close()
    state.invalidation.close()


def _ahead(
    invalidation: SmartInvalidation, margin: float
) -> Callable[[Sequence[Boundary]], object]:
    """Takes moments known ahead; each is due ``margin`` seconds after it."""

    def take(moments: Sequence[Boundary]) -> object:
        return invalidation.submit_many(
            [
                Submission(one.subject, one.reason, "all", one.covering, one.moment + margin)
                for one in moments
            ]
        )

    return take


def _follow(app: Flask, state: OptimizationState) -> None:
    queue, invalidation = state.queue, state.invalidation
    size, configured = queue.batch_size, invalidation.settings

    def retune(live: dict[str, Any]) -> None:
        queue.set_batch_size(live.pop("queue_batch_size", size))
        invalidation.retune(replace(configured, **live))

    follow_keys(app, LIVE, FIELDS, retune)
