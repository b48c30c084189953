from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.redis_fixtures import KINDS, PATIENCE
from yoto.redis import RedisConnection, RedisSettings

Connect = Callable[..., RedisConnection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connections from ``REDIS_*`` keys and closes them after the test."""
    opened: list[RedisConnection] = []

    def make(instance_path: Path | None = None, **config: Any) -> RedisConnection:
        opened.append(RedisConnection(RedisSettings.from_config(config, instance_path)))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture(params=KINDS)
def connection(request: pytest.FixtureRequest, connect: Connect) -> RedisConnection:
    """A connection to each kind of server that the platform supports, shared by all tests."""
    patient = {"REDIS_SOCKET_TIMEOUT": PATIENCE, "REDIS_CONNECT_TIMEOUT": PATIENCE}
    if request.param == "cluster":
        cluster = request.getfixturevalue("valkey_cluster")
        return connect(REDIS_CLUSTER_NODES=cluster.nodes, **patient)
    server = request.getfixturevalue(f"{request.param}_server")
    return connect(REDIS_URL=server.url, **patient)


@pytest.fixture
def key(request: pytest.FixtureRequest, connection: RedisConnection) -> Callable[[str], str]:
    """Makes keys that no other test uses, each with a slot of its own."""
    return lambda name: connection.keys.tagged((request.node.name, name))
