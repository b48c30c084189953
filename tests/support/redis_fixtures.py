"""Session fixtures that give tests real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.redis_servers import (
    Cluster,
    Server,
    start_cluster,
    start_redis,
    start_valkey,
)
from tests.support.require import missing


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    """One Valkey server for the whole session; a test that breaks it must start its own."""
    with start_valkey() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """One server of the system's redis-server package."""
    server = start_redis()
    if server is None:
        missing("redis-server is not installed")
    with server:
        yield server


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[Cluster]:
    """Three primaries with a replica each; a test that breaks it must start its own."""
    with start_cluster() as cluster:
        yield cluster
