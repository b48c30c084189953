"""Stores of several processes on one server, with and without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.redis_servers import Server
from yoto.events import EventStream
from yoto.redis import RedisConnection, RedisSettings
from yoto.resilience import ConfigStore
from yoto.resilience.config_store import RedisCopy

from .journals import ListJournal

MakeStore = Callable[..., ConfigStore]


@pytest.fixture(params=SERVERS)
def settings(request: pytest.FixtureRequest) -> RedisSettings:
    """How to reach an empty server or cluster."""
    server = request.getfixturevalue(request.param)
    if isinstance(server, Server):
        with server.client() as client:
            client.flushall()
        return settings_of(server)
    for primary in server.primaries:
        with primary.client() as client:
            client.flushall()
    return settings_of(server)


@pytest.fixture
def connect() -> Iterator[Callable[[RedisSettings], RedisConnection]]:
    """Opens connections that are closed after the test."""
    opened: list[RedisConnection] = []

    def open_one(settings: RedisSettings) -> RedisConnection:
        opened.append(RedisConnection(settings))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def redis(
    connect: Callable[[RedisSettings], RedisConnection], settings: RedisSettings
) -> RedisConnection:
    """The connection for looking at what stores wrote."""
    return connect(settings)


@pytest.fixture
def events(redis: RedisConnection) -> EventStream:
    """The stream that the stores write to."""
    return EventStream(redis, "the test")


@pytest.fixture(params=["redis alone", "with a record"])
def journal(request: pytest.FixtureRequest) -> ListJournal | None:
    """The record that all stores of a test share, if any."""
    return ListJournal() if request.param == "with a record" else None


@pytest.fixture
def make_store(
    connect: Callable[[RedisSettings], RedisConnection],
    settings: RedisSettings,
    journal: ListJournal | None,
) -> MakeStore:
    """Makes the store of one more process."""

    def make(**options: Any) -> ConfigStore:
        redis = connect(settings)
        copy = RedisCopy(redis.scripts, redis.keys, EventStream(redis, "a process"))
        return ConfigStore(copy, journal=journal, **options)

    return make


@pytest.fixture
def store(make_store: MakeStore) -> ConfigStore:
    """The store of one process."""
    return make_store()
