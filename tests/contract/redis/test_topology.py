"""The client that a configuration leads to, on real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.contract.redis.scripts import COUNT, EMPTY
from tests.support.redis_servers import Cluster, Server, start_valkey
from tests.support.waiting import free_port, wait_until
from yoto.errors import ConfigurationError, StoreUnavailable
from yoto.redis import RedisConnection, check_address, create_redis_client

Connect = Callable[..., RedisConnection]


@pytest.fixture
def own_server() -> Iterator[Callable[..., Server]]:
    """Starts servers with options of the test's choice."""
    started: list[Server] = []

    def start(**options: str) -> Server:
        started.append(start_valkey({key.replace("_", "-"): v for key, v in options.items()}))
        return started[-1]

    yield start
    for server in started:
        server.close()


def works(connection: RedisConnection) -> bool:
    connection.client.set("k", "v")
    return connection.scripts.run(EMPTY, ["k"]) == 1 and connection.client.get("k") == b"v"


@pytest.mark.parametrize(
    "written",
    [
        lambda cluster: cluster.nodes,
        lambda cluster: cluster.servers[-1].address,
        lambda cluster: [server.address for server in cluster.servers],
        lambda cluster: [{"host": "127.0.0.1", "port": s.port} for s in cluster.primaries],
        lambda cluster: f'["{cluster.servers[0].address}"]',
        lambda cluster: f"127.0.0.1:{free_port()},{cluster.servers[0].address}",
        lambda cluster: f"localhost:{cluster.servers[0].port}",
    ],
    ids=["all", "a replica alone", "list", "mappings", "json", "the first is down", "localhost"],
)
def test_nodes_of_a_cluster_lead_to_a_cluster_client(
    valkey_cluster: Cluster, connect: Connect, written: Callable[[Cluster], Any]
) -> None:
    connection = connect(REDIS_CLUSTER_NODES=written(valkey_cluster))
    assert connection.topology.kind == "cluster"
    assert isinstance(connection.client, redis.RedisCluster)
    assert works(connection)


def test_nodes_that_are_no_cluster_lead_to_a_single_server(
    own_server: Callable[..., Server], connect: Connect
) -> None:
    server = own_server()
    dead = f"127.0.0.1:{free_port()}"
    connection = connect(REDIS_CLUSTER_NODES=f"{dead},{server.address}", REDIS_DB=3)
    assert connection.topology.kind == "single"
    assert works(connection)
    with server.client() as outside:
        assert outside.info("keyspace").keys() == {"db3"}


def test_of_servers_that_are_no_cluster_the_primary_is_taken(
    own_server: Callable[..., Server], connect: Connect
) -> None:
    primary = own_server()
    replica = own_server(replicaof=f"127.0.0.1 {primary.port}")
    connection = connect(REDIS_CLUSTER_NODES=f"{replica.address},{primary.address}")
    assert connection.topology.router.node_for("k").name == primary.address
    assert works(connection)


def test_nodes_that_do_not_answer_make_redis_unavailable_until_one_does(
    own_server: Callable[..., Server], connect: Connect
) -> None:
    server = own_server()
    server.kill()
    connection = connect(REDIS_CLUSTER_NODES=server.address)
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            connection.scripts.run(EMPTY, ["k"])
        with pytest.raises(StoreUnavailable):
            connection.client
    assert not connection.available
    server.start()
    wait_until(lambda: connection.available, 5)
    assert works(connection)


def test_a_cluster_has_one_database_only(valkey_cluster: Cluster, connect: Connect) -> None:
    connection = connect(REDIS_CLUSTER_NODES=valkey_cluster.nodes, REDIS_DB=1)
    with pytest.raises(ConfigurationError) as caught:
        connection.client
    assert caught.value.key == "REDIS_DB"


def test_a_url_of_a_cluster_node_says_what_to_configure(
    valkey_cluster: Cluster, connect: Connect
) -> None:
    connection = connect(REDIS_URL=valkey_cluster.servers[0].url)
    with pytest.raises(ConfigurationError, match="REDIS_CLUSTER_NODES"):
        for number in range(50):
            connection.scripts.run(COUNT, [f"key-{number}"])
    with pytest.raises(ConfigurationError, match="REDIS_CLUSTER_NODES"):
        for number in range(50):
            connection.client.get(f"key-{number}")
    # One look is enough to know it before anything begins.
    with pytest.raises(ConfigurationError, match="REDIS_CLUSTER_NODES"):
        check_address(connection)


def test_an_address_that_is_what_it_says_or_is_away_passes(
    valkey_server: Server, valkey_cluster: Cluster, connect: Connect
) -> None:
    check_address(connect(REDIS_URL=valkey_server.url))
    check_address(connect(REDIS_CLUSTER_NODES=valkey_cluster.nodes))
    check_address(connect(REDIS_URL="redis://127.0.0.1:1"))


def test_user_and_password_are_sent(own_server: Callable[..., Server], connect: Connect) -> None:
    server = own_server(requirepass="secret")
    assert works(connect(REDIS_URL=server.url))
    assert works(connect(REDIS_URL=f"redis://127.0.0.1:{server.port}", REDIS_PASSWORD="secret"))
    with server.client() as outside:
        outside.acl_setuser("ann", enabled=True, passwords=["+hers"], keys="*", commands=["+@all"])
    config = {"REDIS_USERNAME": "ann", "REDIS_PASSWORD": "hers"}
    assert works(connect(REDIS_URL=f"redis://127.0.0.1:{server.port}", **config))
    assert works(connect(REDIS_CLUSTER_NODES=server.address, **config))


def test_a_wrong_password_is_told_and_the_password_is_not(
    own_server: Callable[..., Server], connect: Connect
) -> None:
    server = own_server(requirepass="secret")
    connection = connect(REDIS_URL=f"redis://:hunter2@127.0.0.1:{server.port}")
    for call in (lambda: connection.client.get("k"), lambda: connection.scripts.run(EMPTY, ["k"])):
        with pytest.raises(StoreUnavailable, match="(?i)password") as caught:
            call()
        assert "hunter2" not in str(caught.value)


def test_the_database_of_the_url_is_used(
    own_server: Callable[..., Server], connect: Connect
) -> None:
    server = own_server()
    assert works(connect(REDIS_URL=f"redis://127.0.0.1:{server.port}/5"))
    with server.client() as outside:
        assert outside.info("keyspace").keys() == {"db5"}


def test_a_unix_socket_is_reached(
    own_server: Callable[..., Server], connect: Connect, tmp_path: Path
) -> None:
    own_server(unixsocket=str(tmp_path / "s"))
    assert works(connect(REDIS_URL=f"unix://{tmp_path / 's'}?db=2"))


def test_create_redis_client_takes_plain_configuration(
    valkey_server: Server, valkey_cluster: Cluster
) -> None:
    with create_redis_client({"REDIS_URL": valkey_server.url}) as single:
        assert isinstance(single, redis.Redis)
        assert single.ping()
    with create_redis_client({"REDIS_CLUSTER_NODES": valkey_cluster.nodes}) as cluster:
        assert isinstance(cluster, redis.RedisCluster)
        assert cluster.set("k", 1)
        cluster.disconnect_connection_pools()


def test_nothing_configured_and_no_folder_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        create_redis_client({})
