"""Connects the tuner to the measurements that it reads, and to the tunables that it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Flask

from yoto.cache import STORES, HybridPermissionCache
from yoto.errors import StoreUnavailable
from yoto.events import Events
from yoto.monitor import (
    FINE,
    LIVE_TUNABLES,
    MIDDLE,
    TUNABLES,
    Guards,
    Monitor,
    Monitoring,
    Point,
    QueueSnapshot,
    TuningSnapshot,
    snapshot_of,
)
from yoto.optimization import AdvancedOptimization, BatchQueue, elected_by
from yoto.permission import PermissionSystem
from yoto.prefetch import Prefetch
from yoto.resilience import FLEET, Kind, Resilience, Settings, Tuner, TuningConfig, TuningSettings
from yoto.settings import read, value_of

EXTENSION_KEY = "yoto.tuner"
LOCK = "tuner"
# s of measurements at most from which recommendations are made.
EVIDENCE = 900.0
# s up to which measurements are read second by second.
SHORT = 100.0


def tune(app: Flask, never: Iterable[str] = ()) -> Tuner:
    """Make ``app`` follow the tunables, and give it recommenders; no request is made yet.

    Args:
        never: names of guards whose limits must not be tuned.
    """
    monitoring = Monitor.of(app)
    optimization = AdvancedOptimization.of(app)
    settings = read(TuningSettings, app.config)
    controller = Resilience.of(app)
    configured = _in_configuration(app)
    controller.define(FLEET, tuning=configured)
    controller.on_config_change(Kind.TUNING, FLEET, _follower(app, configured))
    tuner = Tuner(
        lambda: controller.config,
        _configured(app.config),
        _look(monitoring, optimization.queue),
        _points(monitoring, settings.window),
        monitoring.now,
        Events.of(app).stream.publish,
        elected_by(optimization.locks, LOCK),
        settings,
        never,
    )
    app.extensions[EXTENSION_KEY] = tuner
    return tuner


def tuner_of(app: Flask) -> Tuner:
    """The tuner that ``tune`` made for ``app``."""
    found: Tuner = app.extensions[EXTENSION_KEY]
    return found


def _configured(config: Mapping[str, Any]) -> dict[str, float]:
    """The configured value of each tunable."""
    return {name: value_of(config, tunable.key) for name, tunable in TUNABLES.items()}


def _in_configuration(app: Flask) -> TuningConfig:
    """The values in force in this process until they are tuned."""
    tunables = _configured(app.config)
    values: dict[str, Any] = {name: tunables[name] for name in LIVE_TUNABLES}
    for one in TuningConfig.describe():
        if one["name"] not in values and not one["tuners_own"]:
            values[one["name"]] = app.config[one["name"].upper()]
    return TuningConfig(**values)


def _follower(app: Flask, configured: TuningConfig) -> Callable[[Settings], None]:
    """Applies an entry's values to the parts of this process; others stay as configured."""
    cache = HybridPermissionCache.of(app)
    optimization = AdvancedOptimization.of(app)
    without = configured.to_mapping()

    def follow(config: Settings) -> None:
        configured_values = {
            name: value for name, value in config.to_mapping().items() if value is not None
        }
        values = {**without, **configured_values}

        def part(prefix: str) -> dict[str, Any]:
            return {
                name.removeprefix(prefix): value
                for name, value in values.items()
                if name.startswith(prefix)
            }

        cache.retune(
            **{
                kind: replace(getattr(cache.settings, kind), **part(f"cache_{kind}_"))
                for kind in STORES
            }
        )
        optimization.queue.set_batch_size(values["queue_batch_size"])
        invalidation, prefetching = optimization.invalidation, Prefetch.of(app)
        invalidation.retune(replace(invalidation.settings, **part("invalidation_")))
        prefetching.retune(replace(prefetching.settings, **part("prefetch_")))
        caching, preloading = PermissionSystem.caching_of(app), PermissionSystem.preloading_of(app)
        if caching is not None:
            caching.pool.resize(values["permission_pool_size"])
        if preloading is not None:
            preloading.retune(
                replace(preloading.settings, enabled=values["preload"], **part("preload_"))
            )

    return follow


def _look(
    monitoring: Monitoring, queue: BatchQueue
) -> Callable[[float, Mapping[str, float], Guards], TuningSnapshot | None]:
    def look(since: float, values: Mapping[str, float], guards: Guards) -> TuningSnapshot | None:
        now = monitoring.now()
        since = max(since, now - EVIDENCE)
        reading = monitoring.read(FINE if now - since <= SHORT else MIDDLE, since)
        if not reading.complete or not reading.points:
            return None
        first = reading.points[0].at
        whole = Point(first, max(1, round(now - first)))
        for point in reading.points:
            whole.merge(point)
        return snapshot_of(whole, values, _queue(queue), guards)

    return look


def _queue(queue: BatchQueue) -> QueueSnapshot | None:
    try:
        found = queue.stats()
    except StoreUnavailable:
        return None
    return QueueSnapshot(found.waiting, found.inflow, found.processing)


def _points(monitoring: Monitoring, window: float) -> Callable[[float, float], Sequence[Point]]:
    # Both sides of a comparison have one resolution: percentiles of 1 s and of 10 s differ.
    resolution = FINE if window <= SHORT else MIDDLE

    def points(since: float, until: float) -> Sequence[Point]:
        # The step in which a change happened belongs to neither side.
        reading = monitoring.read(resolution, since, until - resolution.seconds)
        return reading.points if reading.complete else []

    return points
