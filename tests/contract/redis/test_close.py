"""After ``close`` no connection is left open, whatever other threads were in the middle of."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from tests.contract.redis.scripts import EMPTY
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.redis import RedisConnection
from yoto.redis.node import Node
from yoto.redis.patience import state_of

Connect = Callable[..., RedisConnection]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, whose connections are counted."""
    with start_valkey() as server:
        yield server


def visitors(outside: redis.Redis) -> int:
    """Connections to the server beside the one that asks."""
    return len(outside.client_list()) - 1


def node_of(connection: RedisConnection) -> Node:
    return connection.topology.router.node_for("k")


def test_links_that_nobody_uses_are_closed_at_once(server: Server, connect: Connect) -> None:
    connection = connect(REDIS_URL=server.url)
    connection.scripts.run(EMPTY, ["k"])
    connection.client.get("k")
    with server.client() as outside:
        assert visitors(outside) == 2
        connection.close()
        wait_until(lambda: visitors(outside) == 0)


def test_a_link_in_use_is_closed_when_it_comes_back(server: Server, connect: Connect) -> None:
    connection = connect(REDIS_URL=server.url)
    node = node_of(connection)
    link = node.take()
    with server.client() as outside:
        assert visitors(outside) == 1
        connection.close()
        assert visitors(outside) == 1
        node.give(link)
        wait_until(lambda: visitors(outside) == 0)


def test_a_call_on_a_closed_node_leaves_no_link(server: Server, connect: Connect) -> None:
    connection = connect(REDIS_URL=server.url)
    node = node_of(connection)
    connection.close()
    node.probe()
    node.give(node.take())
    with server.client() as outside:
        wait_until(lambda: visitors(outside) == 0)


@pytest.mark.parametrize("kind", ["single", "cluster"])
def test_a_connection_of_the_client_in_use_is_closed_when_it_comes_back(
    request: pytest.FixtureRequest, valkey_server: Server, connect: Connect, kind: str
) -> None:
    if kind == "single":
        connection = connect(REDIS_URL=valkey_server.url)
        pool: Any = connection.client.connection_pool
    else:
        cluster = request.getfixturevalue("valkey_cluster")
        connection = connect(REDIS_CLUSTER_NODES=cluster.nodes)
        pool = connection.client.get_primaries()[0].redis_connection.connection_pool
    used, idle = pool.get_connection(), pool.get_connection()
    pool.release(idle)
    connection.close()
    assert used.is_connected and not idle.is_connected
    used.send_command("PING")
    assert used.read_response() == b"PONG"
    pool.release(used)
    assert not used.is_connected


def test_closing_a_cluster_closes_the_pools_of_servers_that_left_it(
    valkey_cluster: Any, connect: Connect
) -> None:
    connection = connect(REDIS_CLUSTER_NODES=valkey_cluster.nodes)
    manager = connection.client.nodes_manager
    gone = next(iter(manager.nodes_cache.values()))
    used = gone.redis_connection.connection_pool.get_connection()
    gone.redis_connection.connection_pool.release(used)
    manager.nodes_cache = {
        name: node for name, node in manager.nodes_cache.items() if node is not gone
    }
    connection.close()
    assert not used.is_connected


def test_a_socket_that_cannot_be_looked_at_counts_as_closed() -> None:
    gone = socket.socket()
    gone.close()
    assert state_of(gone) == "closed"
