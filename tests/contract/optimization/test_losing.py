"""Losing a lock: its holder hears of it before anybody else can have it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.contract.optimization.conftest import MakeLocks, redis_of, wait_for_renewal
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import LockLost
from yoto.optimization import DistributedLocks
from yoto.redis import RedisSettings

# s; a tenth of each is for this machine to run the thread that tells the holder.
LEASES = (2.0, 3.0)


def test_the_holder_hears_of_it_before_the_lease_ends_while_redis_hangs(
    make_locks: MakeLocks, own_server: Server
) -> None:
    """With time-outs so long that a renewal under way outlasts every lease."""
    patient = RedisSettings(url=own_server.url, socket_timeout=8.0)
    locks = make_locks(patient)
    told: dict[float, float] = {}
    ends: dict[float, float] = {}
    held = []
    for lease in LEASES:
        lock = locks.create_lock(
            f"job-{lease}", lease, on_lost=lambda lease=lease: told.update({lease: now()})
        )
        ends[lease] = now() + lease
        assert lock.acquire()
        held.append(lock)
    own_server.pause()
    wait_until(lambda: len(told) == len(LEASES))
    own_server.resume()
    for lease in LEASES:
        assert ends[lease] - lease / 2 < told[lease] < ends[lease]
    for lock in held:
        assert not lock.held
        with pytest.raises(LockLost):
            lock.check()


def test_the_holder_hears_of_it_before_the_lease_ends_while_redis_is_away(
    make_locks: MakeLocks, own_server: Server
) -> None:
    """Fail-fast refuses renewals at once then."""
    locks = make_locks(RedisSettings(url=own_server.url))
    told: list[float] = []
    end = now() + LEASES[0]
    lock = locks.create_lock("job", LEASES[0], on_lost=lambda: told.append(now()))
    assert lock.acquire()
    own_server.kill()
    wait_until(lambda: told)
    assert told[0] < end
    with pytest.raises(LockLost):
        lock.release()


def test_the_holder_hears_of_it_when_renewal_has_stopped(
    locks: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    lost = threading.Event()
    scripts = redis_of(locks).scripts
    run_many = scripts.run_many

    def stopped(calls: Any, raise_errors: bool = True) -> list[Any]:
        if not raise_errors:  # a renewal
            lost.wait(60)
        return run_many(calls, raise_errors)

    monkeypatch.setattr(scripts, "run_many", stopped)
    end = now() + LEASES[0]
    with pytest.raises(LockLost):
        with locks.create_lock("job", LEASES[0], on_lost=lambda: told.append(now())) as lock:
            wait_until(lambda: told)
            assert not lock.held
            assert lock.locked(), "nobody else could have it yet"
    lost.set()
    assert told[0] < end


def test_what_was_said_to_be_lost_stays_so_when_the_renewal_comes_through_late(
    locks: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = redis_of(locks)
    scripts = redis.scripts
    run_many = scripts.run_many
    told, replies = threading.Event(), []

    def late(calls: Any, raise_errors: bool = True) -> list[Any]:
        if raise_errors:
            return run_many(calls)
        for _, (key, *_), _ in calls:
            # Between the loss and the end in Redis is less than a busy machine may take.
            redis.client.pexpire(key, 60_000)
        told.wait(30)
        replies.append(run_many(calls, raise_errors=False))  # a renewal
        return replies[-1]

    monkeypatch.setattr(scripts, "run_many", late)
    with pytest.raises(LockLost):
        with locks.create_lock("job", 1.0, on_lost=told.set) as lock:
            wait_until(lambda: replies)
            assert replies[0] == [1], "the lock was still ours"
            # One thread renews: it has taken in the reply for the first when it asks again.
            with locks.create_lock("next", 1.0):
                wait_until(lambda: len(replies) > 1)
            assert not lock.held
            with pytest.raises(LockLost):
                lock.acquire()
    assert locks.counts().lost == 1


def test_a_listener_that_hangs_keeps_no_other_from_hearing_and_no_lease_from_being_kept(
    locks: DistributedLocks,
) -> None:
    hanging, heard = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.wait(30)

    with locks.create_lock("kept", timeout=2) as kept:
        first = locks.create_lock("first", timeout=0.2, renew=False, on_lost=hang)
        second = locks.create_lock("second", timeout=0.4, renew=False, on_lost=heard.set)
        assert first.acquire() and second.acquire()
        assert heard.wait(30)
        wait_for_renewal(redis_of(locks), "kept")
        kept.check()
        assert kept.owned()
    hanging.set()


def now() -> float:
    return time.monotonic()
