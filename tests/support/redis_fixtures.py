"""Session fixtures that give tests real servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.redis_servers import (
    Cluster,
    Server,
    ServiceServer,
    start_cluster,
    start_redis,
    start_valkey,
)
from tests.support.require import TEST_ALL, missing
from yoto.redis import RedisSettings

ASYNC_MODE = os.environ.get("YOTO_TEST_ASYNC_MODE", "threading")

# s; a healthy server on a machine that is too busy is slow, not lost. Tests of loss say their own.
PATIENCE = 2.0
# ms until a silent node counts as failing; Valkey's own measure.
NODE_TIMEOUT = 15_000

# The kinds that every contract holds on, as names and as names of fixtures. A run meets one: with
# threads a cluster, which refuses what a single server allows, since applications of other tests
# are on a single one; with an event loop a single server. `make test-all` meets all, and Redis
# itself, which answers as Valkey does, whose code began as its own.
KINDS = ["valkey"] if ASYNC_MODE == "eventlet" else ["cluster"]
if TEST_ALL:
    KINDS = ["valkey", "cluster"] if ASYNC_MODE == "eventlet" else ["valkey", "redis", "cluster"]
SERVERS = ["valkey_cluster" if kind == "cluster" else f"{kind}_server" for kind in KINDS]


def settings_of(server: Server | Cluster, **fields: Any) -> RedisSettings:
    """How to reach a server that stays healthy during the test."""
    if isinstance(server, Server):
        fields["url"] = server.url
    else:
        fields["nodes"] = tuple(("127.0.0.1", one.port) for one in server.primaries)
    return RedisSettings(socket_timeout=PATIENCE, connect_timeout=PATIENCE, **fields)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    """One Valkey server for the whole session; a test that breaks it must start its own."""
    with start_valkey() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """Redis itself: the one that ``YOTO_TEST_REDIS_SERVER`` names, else the system's package."""
    service = os.environ.get("YOTO_TEST_REDIS_SERVER")
    server = ServiceServer(service).start() if service else start_redis()
    if server is None:
        missing("redis-server is not installed")
    with server:
        yield server


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[Cluster]:
    """Three primaries with a replica each; a test that breaks it must start its own."""
    with start_cluster() as cluster:
        for server in cluster.servers:
            with server.client() as client:
                # None of them will fail: to ask each other twice a second takes time from tests.
                client.config_set("cluster-node-timeout", NODE_TIMEOUT)
        yield cluster
