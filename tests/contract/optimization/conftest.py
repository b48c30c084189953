"""Locks on each kind of server, each test with keys of its own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

import pytest

from tests.contract.optimization.workers import LockWorkers
from tests.support.nursery import Nursery
from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings

MakeLocks = Callable[[RedisSettings], DistributedLocks]

_connections: WeakKeyDictionary[DistributedLocks, RedisConnection] = WeakKeyDictionary()


def redis_of(locks: DistributedLocks) -> RedisConnection:
    """The connection that ``make_locks`` made for them."""
    return _connections[locks]


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
def make_locks() -> Iterator[MakeLocks]:
    """Makes locks, as each worker has them."""
    made: list[tuple[RedisConnection, DistributedLocks]] = []

    def make(settings: RedisSettings) -> DistributedLocks:
        redis = RedisConnection(settings)
        locks = DistributedLocks(redis)
        _connections[locks] = redis
        made.append((redis, locks))
        return locks

    yield make
    for redis, locks in made:
        locks.close()
        redis.close()


@pytest.fixture
def locks(make_locks: MakeLocks, reach: RedisSettings) -> DistributedLocks:
    """One worker's locks."""
    return make_locks(reach)


@pytest.fixture
def others(make_locks: MakeLocks, reach: RedisSettings) -> DistributedLocks:
    """Another worker's locks."""
    return make_locks(reach)


@pytest.fixture
def redis(reach: RedisSettings) -> Iterator[RedisConnection]:
    """To look at Redis from outside."""
    connection = RedisConnection(reach)
    yield connection
    connection.close()


@pytest.fixture
def workers(nursery: Nursery) -> Iterator[LockWorkers]:
    """Starts worker processes, and ends them after the test."""
    with LockWorkers(nursery) as started:
        yield started


def wait_for_renewal(redis: RedisConnection, key: str = "job") -> None:
    """Return as soon as the lease of a lock has become longer than it was."""
    left: list[int] = []

    def renewed() -> bool:
        left.append(redis.client.pttl(redis.keys.lock(key)))
        return len(left) > 1 and left[-1] > left[-2]

    wait_until(renewed, what="a renewal")


def in_thread(run: object) -> threading.Thread:
    """Start another owner."""
    assert callable(run)
    thread = threading.Thread(target=run)
    thread.start()
    return thread
