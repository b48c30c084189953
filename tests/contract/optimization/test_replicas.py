"""A lock that replicas must have confirmed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.contract.optimization.conftest import MakeLocks, redis_of
from tests.support.links import link_to
from tests.support.redis_servers import Cluster, Server, start_cluster, start_replica, start_valkey
from tests.support.round_trips import count_round_trips
from tests.support.waiting import wait_until
from yoto.errors import LockNotAcquired, LockUnconfirmed, StoreUnavailable, ValidationFailed
from yoto.redis import RedisConnection, RedisSettings


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Server, Server]]:
    """A primary and its replica; a test that pauses the replica resumes it."""
    with (
        start_valkey({"repl-diskless-sync-delay": "0"}) as primary,
        start_replica(primary) as replica,
    ):
        yield primary, replica


@pytest.fixture
def primary(pair: tuple[Server, Server]) -> Server:
    with pair[0].client() as client:
        client.flushall()
    return pair[0]


@pytest.fixture
def hanging(primary: Server, pair: tuple[Server, Server]) -> Iterator[Server]:
    """A primary whose replica hangs."""
    replica = pair[1]
    replica.pause()
    yield primary
    replica.resume()
    with primary.client() as client:
        wait_until(lambda: client.wait(1, 1000) == 1)


def settings(server: Server, **changes: object) -> RedisSettings:
    return RedisSettings(url=server.url, socket_timeout=2.0, **changes)  # type: ignore[arg-type]


def test_a_lock_that_the_replica_has_is_taken_in_one_round_trip(
    make_locks: MakeLocks, primary: Server, pair: tuple[Server, Server]
) -> None:
    locks = make_locks(settings(primary))
    lock = locks.create_lock("job", replicas=1)
    with lock:
        pass
    with count_round_trips(redis_of(locks).topology.router.nodes()) as trips:
        with lock:
            assert len(trips) == 1
            with pair[1].client() as client:
                assert client.exists("yoto:{lock:job}")
    assert locks.counts().acquired == 2


def test_a_lock_that_the_replica_has_not_is_given_back_and_not_taken(
    make_locks: MakeLocks, hanging: Server
) -> None:
    locks, others = make_locks(settings(hanging)), make_locks(settings(hanging))
    lock = locks.create_lock("job", wait=30, replicas=1, replica_wait=0.05)
    assert not lock.acquire()
    with pytest.raises(LockUnconfirmed) as unconfirmed:
        lock.__enter__()
    assert (unconfirmed.value.key, unconfirmed.value.replicas) == ("job", 0)
    assert isinstance(unconfirmed.value, LockNotAcquired)
    counts = locks.counts()
    assert (counts.acquired, counts.refused, counts.unconfirmed) == (0, 2, 2)
    assert locks.held() == []
    with hanging.client() as client:
        assert client.keys() == [b"yoto:{lock:job}:fence"]
    with others.create_lock("job", wait=0) as taken:
        # Replicas keep nobody waiting who asks for none.
        assert taken.held


def test_who_waits_for_another_is_not_told_that_replicas_are_missing(
    make_locks: MakeLocks, hanging: Server
) -> None:
    locks, others = make_locks(settings(hanging)), make_locks(settings(hanging))
    with others.create_lock("job"):
        with pytest.raises(LockNotAcquired) as refused:
            locks.create_lock("job", wait=0, replicas=1, replica_wait=0.01).__enter__()
        assert not isinstance(refused.value, LockUnconfirmed)


def test_a_lost_reply_does_not_pass_for_a_confirmation(
    make_locks: MakeLocks, hanging: Server
) -> None:
    """A connection that wrote nothing is told that all replicas have everything."""
    with link_to(hanging.port) as link:
        locks = make_locks(RedisSettings(url=f"redis://{link.address}", socket_timeout=2.0))
        with locks.create_lock("warm"):
            pass
        link.lose_reply()
        assert not locks.create_lock("job", replicas=1, replica_wait=0.05).acquire()
        assert link.fault is None
        assert locks.counts().unconfirmed == 1


def test_a_server_that_forgot_the_script_confirms_all_the_same(
    make_locks: MakeLocks, primary: Server
) -> None:
    locks = make_locks(settings(primary))
    with primary.client() as client:
        client.script_flush()
    with locks.create_lock("job", replicas=1):
        pass


def test_more_replicas_than_there_are_confirm_nothing(
    make_locks: MakeLocks, primary: Server
) -> None:
    locks = make_locks(settings(primary))
    assert not locks.create_lock("job", replicas=2, replica_wait=0.01).acquire()


def test_replicas_of_a_cluster_confirm(make_locks: MakeLocks, valkey_cluster: Cluster) -> None:
    nodes = tuple(("127.0.0.1", one.port) for one in valkey_cluster.primaries)
    locks = make_locks(RedisSettings(nodes=nodes, socket_timeout=2.0, key_prefix="test-replicas:"))
    for number in range(6):
        with locks.create_lock(f"job-{number}", replicas=1):
            pass
    assert not locks.create_lock("job", replicas=2, replica_wait=0.01).acquire()


def test_what_makes_no_sense_is_refused(make_locks: MakeLocks, primary: Server) -> None:
    locks = make_locks(settings(primary))
    for wrong in ({"replicas": -1}, {"replicas": 1, "replica_wait": 1.0}):
        with pytest.raises(ValidationFailed):
            locks.create_lock("job", **wrong)  # type: ignore[arg-type]


def test_a_confirmed_lock_survives_a_failover_and_tokens_grow_over_it(
    make_locks: MakeLocks,
) -> None:
    with start_cluster(primaries=1, replicas=1) as cluster:
        (primary,) = cluster.primaries
        (replica,) = cluster.replicas[primary]
        nodes = tuple(("127.0.0.1", one.port) for one in cluster.servers)
        locks, others = make_locks(RedisSettings(nodes=nodes)), make_locks(
            RedisSettings(nodes=nodes)
        )
        lock = locks.create_lock("job", timeout=20.0, replicas=1)
        assert lock.acquire()
        with replica.client() as client:
            client.execute_command("CLUSTER", "FAILOVER", "TAKEOVER")
        primary.kill()
        wait_until(lambda: answers(redis_of(others)), limit=20)
        assert not others.create_lock("job", wait=0).acquire()
        assert lock.owned() and lock.held
        before = lock.token
        lock.release()
        with others.create_lock("job", wait=0) as after:
            assert after.token > before


def answers(redis: RedisConnection) -> bool:
    try:
        redis.client.get("yoto:{lock:job}")
    except StoreUnavailable:
        time.sleep(0.05)
        return False
    return True
