"""Backends over real servers, each test with keys of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.redis_servers import Server, start_valkey
from yoto.events import new_instance_id
from yoto.monitor import MemoryBackend, RedisBackend
from yoto.monitor.backends import Backend
from yoto.redis import RedisConnection, RedisSettings

MakeBackend = Callable[..., RedisBackend]


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


@pytest.fixture
def impatient(own_server: Server) -> RedisSettings:
    """How to reach ``own_server`` and soon notice that it is away."""
    return RedisSettings(url=own_server.url, socket_timeout=0.2, connect_timeout=0.2)


@pytest.fixture
def make_backend() -> Iterator[MakeBackend]:
    """Makes Redis backends, as each worker has one."""
    made: list[tuple[RedisConnection, RedisBackend]] = []

    def make(settings: RedisSettings, interval: float = 1.0, **parts: Any) -> RedisBackend:
        redis = RedisConnection(settings)
        made.append((redis, RedisBackend(redis, new_instance_id(), interval, **parts)))
        return made[-1][1]

    yield make
    for redis, backend in made:
        backend.close()
        redis.close()


@pytest.fixture(params=["memory", "redis"])
def backend(
    request: pytest.FixtureRequest,
    impatient: RedisSettings,
    make_backend: MakeBackend,
) -> Iterator[Backend]:
    """One of the two, over ``own_server`` if it needs one."""
    made: Backend
    if request.param == "memory":
        made = MemoryBackend()
    else:
        made = make_backend(impatient)
    yield made
    made.close()
