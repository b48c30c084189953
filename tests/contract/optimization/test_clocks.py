"""Clocks that jump: the callers' do not matter, and Redis's must not wedge a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tests.contract.optimization.conftest import MakeLocks, redis_of, wait_for_renewal
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.optimization import DistributedLocks
from yoto.optimization.lock import attempt, owned
from yoto.redis import RedisConnection, RedisSettings, Script

HOUR = 3_600 * 1_000_000  # us
TIME = "local time = redis.call('TIME')"
SetAhead = Callable[[int], None]
SCRIPTS = [(attempt, "ACQUIRE"), (attempt, "ABANDON"), (owned, "RELEASE")]


@pytest.fixture
def reach(valkey_server: Server, request: pytest.FixtureRequest) -> RedisSettings:
    """One kind of server is enough: the clock is the script's."""
    return settings_of(valkey_server, key_prefix=f"clock-{time.monotonic_ns()}:")


@pytest.fixture
def set_ahead(redis: RedisConnection, monkeypatch: pytest.MonkeyPatch) -> SetAhead:
    """Sets by how many us the scripts' clock is ahead."""
    clock = redis.keys.plain("clock")
    ahead = (
        f"{TIME} local ahead = tonumber(redis.call('GET', '{clock}') or '0')"
        " time[1] = time[1] + math.floor(ahead / 1000000)"
    )
    for module, name in SCRIPTS:
        script = getattr(module, name)
        assert TIME in script.source
        moved = Script(script.name, script.source.replace(TIME, ahead), script.repeatable)
        monkeypatch.setattr(module, name, moved)
    return lambda us: redis.client.set(clock, us, px=600_000)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_tokens_grow_whichever_way_the_clock_is_set(
    locks: DistributedLocks, others: DistributedLocks, set_ahead: SetAhead, jump: int
) -> None:
    tokens = []
    for number in range(6):
        set_ahead(jump if number in (2, 3) else 0)
        with (locks, others)[number % 2].create_lock("job") as lock:
            tokens.append(lock.token)
    assert tokens == sorted(set(tokens))


def test_a_dead_waiter_of_a_future_that_was_taken_back_blocks_nobody(
    locks: DistributedLocks, redis: RedisConnection, set_ahead: SetAhead
) -> None:
    queue = redis.keys.lock("job", "waiters")
    future = time.time() * 1_000_000 + HOUR
    dead = f"{future - 2 * HOUR:016.0f}:dead@nowhere"
    redis.client.zadd(queue, {dead: future / 1000})
    assert locks.create_lock("job", wait=0).acquire()


def test_a_waiter_keeps_its_turn_when_the_clock_is_set_back(
    locks: DistributedLocks,
    others: DistributedLocks,
    make_locks: MakeLocks,
    reach: RedisSettings,
    redis: RedisConnection,
    set_ahead: SetAhead,
) -> None:
    """Its ticket is of the future then, and everybody who comes would be before it."""
    set_ahead(HOUR)
    order: list[str] = []
    queue = redis.keys.lock("job", "waiters")

    def wait(name: str, own: DistributedLocks) -> threading.Thread:
        def take() -> None:
            with own.create_lock("job", wait=30):
                order.append(name)

        thread = threading.Thread(target=take)
        thread.start()
        return thread

    mine = locks.create_lock("job")
    mine.acquire()
    threads = [wait("first", others)]
    wait_until(lambda: redis.client.zcard(queue) == 1)
    (old,) = redis.client.zrange(queue, 0, -1)
    set_ahead(0)
    # It asks again within a poll and is given a ticket of the present.
    wait_until(lambda: redis.client.zrange(queue, 0, -1) not in ([], [old]))
    threads.append(wait("second", make_locks(reach)))
    wait_until(lambda: redis.client.zcard(queue) == 2)
    mine.release()
    for thread in threads:
        thread.join()
    assert order == ["first", "second"]


def test_a_dead_holder_blocks_for_a_lease_after_the_clock_was_set_back(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    """Redis keeps the moment at which a key ends: an hour back, an hour more."""
    locks.create_lock("job", timeout=0.5, renew=False).acquire()
    redis.client.pexpire(redis.keys.lock("job"), 3_600_000)
    assert others.create_lock("job", wait=30).acquire()


def test_a_holder_whose_key_ended_with_a_jump_forward_hears_of_it(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    lost = threading.Event()
    lock = locks.create_lock("job", timeout=0.6, on_lost=lost.set)
    lock.acquire()
    redis.client.pexpire(redis.keys.lock("job"), 1)
    with others.create_lock("job", wait=5) as other:
        assert other.token > lock.token
        assert lost.wait(30)
        assert other.owned()


def test_the_wall_clock_of_the_process_does_not_matter(
    locks: DistributedLocks, others: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locks.create_lock("job", timeout=1) as lock:
        for wall in (0.0, 4e9):
            monkeypatch.setattr(time, "time", lambda wall=wall: wall)
            assert lock.held and lock.owned()
            assert not others.create_lock("job", wait=0.05).acquire()
            wait_for_renewal(redis_of(locks))
        lock.check()
    with others.create_lock("job", wait=0) as after:
        assert after.token
