"""Caches on each kind of server, each test with keys of its own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.cache.workers import CacheWorkers
from tests.support.nursery import Nursery
from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.cache import (
    ORIGIN,
    CacheSettings,
    InvalidationLog,
    Loaded,
    Position,
    TieredCache,
    place_key,
)
from yoto.cache.log import LogEntry, entry_of
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings

SERVER_7 = place_key("server", 7)
CHANNEL_3 = place_key("channel", 3)


def entries_of(redis: RedisConnection, after: Position = ORIGIN) -> list[LogEntry]:
    """The entries of the log after a position, oldest first."""
    entries = redis.client.xrange(redis.keys.invalidation_log(), min=f"({after}")
    return [entry_of(raw) for raw in entries]


class Truth:
    """Stands in for the database: what a user may do, and how often somebody asked."""

    def __init__(self) -> None:
        self.masks: dict[int, int] = {}
        self.loads = 0
        self.fields: dict[str, Any] = {"roles": frozenset({9}), "above": (SERVER_7,)}
        self.error: Exception | None = None
        self.before: Callable[[], object] | None = None
        self.after: Callable[[], object] | None = None

    def loader(self, user_id: int = 1) -> Callable[[], Loaded]:
        """The function that a cache calls on a miss of ``user_id``."""

        def load() -> Loaded:
            self.loads += 1
            if self.before is not None:
                self.before()
            if self.error is not None:
                raise self.error
            mask = self.masks.get(user_id, 0)
            if self.after is not None:
                self.after()
            return Loaded(mask, **self.fields)

        return load


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture(params=SERVERS)
def reach(request: pytest.FixtureRequest) -> RedisSettings:
    """How to reach a server or a cluster, under a prefix that no other test uses."""
    server = request.getfixturevalue(request.param)
    return settings_of(server, key_prefix=f"test-{secrets.token_hex(6)}:")


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that this test may break."""
    with start_valkey() as server:
        yield server


Connect = Callable[[RedisSettings], RedisConnection]
MakeCache = Callable[..., TieredCache]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections that are closed after the test."""
    opened: list[RedisConnection] = []

    def open_one(settings: RedisSettings) -> RedisConnection:
        opened.append(RedisConnection(settings))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def redis(reach: RedisSettings, connect: Connect) -> RedisConnection:
    return connect(reach)


@pytest.fixture
def log(redis: RedisConnection) -> InvalidationLog:
    return InvalidationLog(redis)


@pytest.fixture
def make_cache(connect: Connect) -> Iterator[MakeCache]:
    """Makes caches, as each worker has one, that follow the log; closed after the test."""
    made: list[tuple[TieredCache, DistributedLocks]] = []

    def make(settings: RedisSettings, reachable: bool = True, **changes: Any) -> TieredCache:
        redis = connect(settings)
        locks = DistributedLocks(redis)
        cache = TieredCache(redis, locks, replace(CacheSettings(), **changes))
        made.append((cache, locks))
        if reachable:
            wait_until(lambda: cache.start(30), what="the log to be read")
        return cache

    yield make
    # Each waits for a read that is under way; together they wait no longer.
    closing = [threading.Thread(target=cache.close) for cache, _ in made]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join()
    for _, locks in made:
        locks.close()


@pytest.fixture
def cache(make_cache: MakeCache, reach: RedisSettings) -> TieredCache:
    """One worker's cache."""
    return make_cache(reach)


@pytest.fixture
def other(make_cache: MakeCache, reach: RedisSettings) -> TieredCache:
    """Another worker's cache."""
    return make_cache(reach)


@pytest.fixture
def workers(nursery: Nursery) -> Iterator[CacheWorkers]:
    """Starts worker processes, and ends them after the test."""
    with CacheWorkers(nursery) as started:
        yield started


def seen(cache: TieredCache, position: Position) -> None:
    """Return when ``cache`` has applied ``position``."""
    assert cache.tailer.wait_until_applied(position, 5)
