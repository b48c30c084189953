"""Collectors, through which the monitor reads the counters of an application's parts."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.engine import Engine

from yoto.cache import HybridPermissionCache
from yoto.collectors.cache import Staleness, cache_samples, check_samples, outbox_samples
from yoto.collectors.guards import guard_samples, lock_samples
from yoto.collectors.polled import OfOneWorker, breaker_samples, fleet_samples
from yoto.collectors.stores import database_samples, pool_samples, redis_samples
from yoto.collectors.values import health_components, measured_values
from yoto.monitor import Monitor, names
from yoto.optimization import AdvancedOptimization
from yoto.room import rooms_of
from yoto.store.db import on_engine

__all__ = ["health_components", "measure", "measured_values"]


def measure(app: Flask) -> None:
    """Make the monitor of ``app`` read every part at each flush; nothing is read yet."""
    monitoring = Monitor.of(app)
    for one in rooms_of(app):
        names.describe(one.series())
    cache = HybridPermissionCache.of(app)
    optimization = AdvancedOptimization.of(app)
    engines: list[Engine] = []
    on_engine(app, engines.append)
    monitoring.add_source("cache", lambda: cache_samples(cache))
    monitoring.add_source("checks", lambda: check_samples(app))
    monitoring.add_source("locks", lambda: lock_samples(optimization.locks))
    monitoring.add_source("guards", lambda: guard_samples(app))
    monitoring.add_source("outbox", lambda: outbox_samples(app))
    monitoring.add_source("redis", lambda: redis_samples(app))
    monitoring.add_source("database", lambda: database_samples(engines))
    monitoring.add_source("pools", lambda: pool_samples(app, engines))
    monitoring.add_slow_source("breakers", lambda: breaker_samples(app))
    fleet = OfOneWorker(app, "measures", lambda: fleet_samples(app))
    monitoring.add_slow_source("fleet", fleet)
    staleness = Staleness(monitoring)
    cache.tailer.watch(staleness)
    monitoring.add_source("staleness", staleness.samples)
