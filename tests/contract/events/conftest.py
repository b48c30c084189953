"""An event stream on each kind of server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.redis_servers import Server
from yoto.events import EventStream
from yoto.redis import RedisConnection, RedisSettings


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
    """The connection that the stream uses."""
    return connect(settings)


@pytest.fixture
def stream(redis: RedisConnection) -> EventStream:
    """An empty event stream."""
    return EventStream(redis, "instance-1")
