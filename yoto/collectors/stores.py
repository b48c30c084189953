"""Redis and the database, as this process is connected to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Flask
from sqlalchemy import QueuePool
from sqlalchemy.engine import Engine

from yoto.monitor import names
from yoto.monitor.sources import Counted, Measured, Sample
from yoto.permission import PermissionSystem
from yoto.redis import RedisStore
from yoto.store.pools import PoolUse, WatchedPool


def redis_samples(app: Flask) -> Iterator[Sample]:
    """Whether calls succeed, counts of failed ones, and the connections of the scripts."""
    redis = RedisStore.of(app)
    yield Measured(names.REDIS_UP, float(redis.available))
    for kind, count in redis.errors().items():
        yield Counted(names.REDIS_ERRORS, count, {"kind": kind})
    made, idle = redis.links()
    yield Measured(names.REDIS_CONNECTIONS, made - idle, {"state": "in_use"})
    yield Measured(names.REDIS_CONNECTIONS, idle, {"state": "idle"})


def database_samples(engines: Sequence[Engine]) -> Iterator[Sample]:
    """The connections of all ``engines`` whose pools count them."""
    pools = [engine.pool for engine in engines if isinstance(engine.pool, QueuePool)]
    if pools:
        in_use = sum(pool.checkedout() for pool in pools)
        idle = sum(pool.checkedin() for pool in pools)
        yield Measured(names.DATABASE_CONNECTIONS, in_use, {"state": "in_use"})
        yield Measured(names.DATABASE_CONNECTIONS, idle, {"state": "idle"})


def pool_samples(app: Flask, engines: Sequence[Engine]) -> Iterator[Sample]:
    """Use of the connection pools by requests, and by the cache's loading."""
    for engine in engines:
        if isinstance(engine.pool, WatchedPool):
            yield from _use("requests", engine.pool.use())
    caching = PermissionSystem.caching_of(app)
    if caching is not None:
        yield from _use("permissions", caching.pool.use())


def _use(pool: str, use: PoolUse) -> Iterator[Sample]:
    for outcome in ("at_once", "waited", "timed_out"):
        about = {"pool": pool, "outcome": outcome}
        yield Counted(names.POOL_TAKES, getattr(use, outcome), about)
    yield Measured(names.POOL_SIZE, use.size, {"pool": pool})
    yield Measured(names.POOL_BUSIEST, use.busiest, {"pool": pool})
