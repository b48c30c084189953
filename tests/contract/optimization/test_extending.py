"""Leases that are made longer, on real servers."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.contract.optimization.conftest import in_thread, redis_of
from tests.support.waiting import wait_until
from yoto.errors import LockLost, ValidationFailed
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection


def left(redis: RedisConnection, key: str = "job") -> float:
    """Seconds until the lease ends, by Redis's word."""
    return float(redis.client.pttl(redis.keys.lock(key))) / 1000


def test_a_lease_without_renewal_is_made_longer(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    lock = locks.create_lock("job", timeout=1.0, renew=False)
    with lock:
        token = lock.token
        lock.extend(30)
        assert 29 < left(redis) <= 30
        time.sleep(1.1)
        assert lock.held and lock.owned() and lock.token == token
        # One that lasts longer stays.
        lock.extend(1)
        assert 25 < left(redis) <= 30 and lock.held
    assert not lock.locked()


def test_a_waiter_does_not_take_a_longer_lease_for_one_of_a_clock_that_was_set_back(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    with locks.create_lock("job", timeout=1.0, renew=False) as lock:
        lock.extend(30)
        assert not others.create_lock("job", wait=0.3).acquire()
        assert left(redis) > 25 and lock.owned()


def test_a_lease_that_is_renewed_is_as_long_from_then_on(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    with locks.create_lock("job", timeout=1.0) as lock:
        lock.extend(3)
        waiting = in_thread(lambda: others.create_lock("job", wait=2.5).acquire())
        # Renewed at a third of it, with somebody in the queue who looks for clocks that went back.
        for _ in range(2):
            wait_until(lambda: left(redis) < 2.3)
            wait_until(lambda: left(redis) > 2.4)
        assert lock.held and lock.owned()
        waiting.join()


def test_what_was_lost_is_not_made_longer(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    lock = locks.create_lock("job", timeout=30, renew=False)
    assert lock.acquire()
    redis.client.delete(redis.keys.lock("job"))
    with others.create_lock("job", wait=0) as theirs:
        with pytest.raises(LockLost):
            lock.extend(60)
        assert theirs.owned() and not lock.held
    with pytest.raises(LockLost):
        lock.release()


def test_who_holds_nothing_makes_nothing_longer(locks: DistributedLocks) -> None:
    lock = locks.create_lock("job")
    with pytest.raises(RuntimeError):
        lock.extend(10)
    with lock, pytest.raises(ValidationFailed):
        lock.extend(0)


def test_a_renewal_that_is_under_way_ends_before(
    locks: DistributedLocks, redis: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renewed after that, the lease would be short while its holder thinks it long."""
    scripts = redis_of(locks).scripts
    run_many = scripts.run_many
    under_way, ended = threading.Event(), threading.Event()

    def slow(calls: Any, raise_errors: bool = True) -> list[Any]:
        renewal = not raise_errors
        if renewal:
            under_way.set()
            time.sleep(0.2)
        replies = run_many(calls, raise_errors)
        if renewal:
            ended.set()
        return replies

    monkeypatch.setattr(scripts, "run_many", slow)
    with locks.create_lock("job", timeout=2.0) as lock:
        assert under_way.wait(30)
        lock.extend(30)
        assert left(redis) > 29
        assert ended.wait(30)
        assert left(redis) > 29 and lock.held
