"""A cluster of which one part has no server left: those who need it are told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.contract.redis.scripts import EMPTY
from tests.support.redis_servers import Cluster, Server, start_cluster
from tests.support.round_trips import count_round_trips
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, get_redis_info
from yoto.redis.keys import slot_of

Connect = Callable[..., RedisConnection]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three primaries without replicas."""
    with start_cluster(replicas=0) as cluster:
        yield cluster


@pytest.fixture(params=["yes", "no"])
def whole(request: pytest.FixtureRequest, cluster: Cluster) -> bool:
    """Whether the cluster serves nothing unless it serves all; Redis's default."""
    for server in cluster.servers:
        with server.client() as outside:
            outside.config_set("cluster-require-full-coverage", request.param)
    return bool(request.param == "yes")


def keys_of(cluster: Cluster, connection: RedisConnection) -> dict[Server, str]:
    """A key on each server."""
    found: dict[Server, str] = {}
    number = 0
    while len(found) < len(cluster.primaries):
        key = connection.keys.tagged(number)
        node = connection.topology.router.node_for(key)
        found[next(one for one in cluster.primaries if one.address == node.name)] = key
        number += 1
    return found


def works(connection: RedisConnection, key: str) -> bool:
    try:
        return bool(connection.scripts.run(EMPTY, [key]) == 1)
    except StoreUnavailable:
        return False


def asks_nobody(connection: RedisConnection, key: str) -> bool:
    """Whether scripts and commands fail without a look at any server."""
    router = connection.topology.router
    with count_round_trips(router.all_nodes()) as trips:
        refused = not works(connection, key)
    with pytest.raises(StoreUnavailable):
        connection.client.get(key)
    return refused and router.node_for(key).circuit.tripped and len(trips) <= 1


def test_a_lost_shard_fails_fast_and_heals(cluster: Cluster, connect: Connect, whole: bool) -> None:
    connection = connect(REDIS_CLUSTER_NODES=cluster.nodes, REDIS_RETRY_TIME=0.1)
    keys = keys_of(cluster, connection)
    victim, *others = cluster.primaries
    assert all(works(connection, key) for key in keys.values())

    victim.kill()
    wait_until(
        lambda: not works(connection, keys[victim]) and asks_nobody(connection, keys[victim])
    )
    for other in others:
        if whole:
            wait_until(lambda key=keys[other]: not works(connection, key))
            wait_until(lambda key=keys[other]: asks_nobody(connection, key))
        else:
            assert works(connection, keys[other])
    info = get_redis_info(connection)
    assert [node.writes for node in info.nodes].count(False) == (3 if whole else 1)
    assert "CLUSTERDOWN" in {node.refuses for node in info.nodes} or not whole

    victim.start()
    for key in keys.values():
        wait_until(lambda key=key: works(connection, key))


def test_slots_that_nobody_has_are_looked_for_in_the_background(
    cluster: Cluster, connect: Connect
) -> None:
    connection = connect(REDIS_CLUSTER_NODES=cluster.nodes)
    key = connection.keys.tagged("nobody's")
    wait_until(lambda: works(connection, key))
    owner = cluster.owner_of(slot_of(key))
    # The owner first: it tells the others what it has.
    for server in sorted(cluster.servers, key=lambda server: server is not owner):
        with server.client() as outside:
            outside.config_set("cluster-require-full-coverage", "no")
            outside.execute_command("CLUSTER", "DELSLOTS", slot_of(key))
    wait_until(lambda: not works(connection, key))
    with count_round_trips(connection.topology.router.all_nodes()) as trips:
        assert not works(connection, key)
    assert trips == []
    with owner.client() as outside:
        outside.execute_command("CLUSTER", "ADDSLOTS", slot_of(key))
    wait_until(lambda: works(connection, key))


@pytest.mark.parametrize("command", ["get", "exists", "delete"])
def test_a_command_of_a_cluster_that_is_gone_says_so(connect: Connect, command: str) -> None:
    with start_cluster(replicas=0) as cluster:
        connection = connect(REDIS_CLUSTER_NODES=cluster.nodes, REDIS_RETRY_TIME=0.1)
        run = getattr(connection.client, command)
        run("key")
        for server in cluster.primaries:
            server.kill()
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                run("key")
