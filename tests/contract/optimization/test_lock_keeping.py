"""Keeping a lock: its renewal, its owner while threads end, and the meaning of a loss."""

from __future__ import annotations

import gc
import logging
import threading
import time
from types import SimpleNamespace

import pytest

from tests.contract.optimization.conftest import in_thread, redis_of, wait_for_renewal
from tests.support.waiting import wait_until
from yoto.errors import LockLost
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection


def test_an_expired_lock_that_others_took_is_not_deleted_by_its_first_holder(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    first = locks.create_lock("job", timeout=0.1, renew=False)
    first.acquire()
    second = others.create_lock("job", wait=5)
    second.acquire()
    assert not first.held and not first.owned()
    with pytest.raises(LockLost) as lost:
        first.check()
    token = lost.value.token
    with pytest.raises(LockLost) as lost:
        first.release()
    assert (lost.value.key, lost.value.token) == ("job", token)
    assert second.owned()
    assert second.token > token
    assert locks.counts().lost == 1


def test_a_lease_that_ran_out_while_nobody_came_was_not_lost(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    with locks.create_lock("job", timeout=0.05, renew=False):
        wait_until(lambda: not redis.client.exists(redis.keys.lock("job")))


def test_one_that_somebody_had_meanwhile_was_lost(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    with pytest.raises(LockLost):
        with locks.create_lock("job", timeout=0.05, renew=False):
            with others.create_lock("job", wait=5):
                pass
            assert not redis.client.exists(redis.keys.lock("job"))


def test_a_lost_reply_to_the_giving_back_is_no_loss(
    locks: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = redis_of(locks).scripts
    run = scripts.run

    def twice(script, keys, args=()):  # type: ignore[no-untyped-def]
        if script.name == "release.lua":
            run(script, keys, args)
        return run(script, keys, args)

    monkeypatch.setattr(scripts, "run", twice)
    with locks.create_lock("job"):
        pass
    assert locks.counts().lost == 0


def test_a_lost_lock_is_said_at_the_end_of_the_block(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    with pytest.raises(LockLost):
        with locks.create_lock("job"):
            redis.client.set(redis.keys.lock("job"), "9:somebody", px=60_000)


def test_what_went_wrong_in_the_block_is_not_hidden_by_the_loss(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    with pytest.raises(ZeroDivisionError):
        with locks.create_lock("job"):
            redis.client.set(redis.keys.lock("job"), "9:somebody", px=60_000)
            raise ZeroDivisionError


def test_a_lock_that_was_lost_is_not_taken_again_by_its_owner(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lock = locks.create_lock("job", timeout=0.05, renew=False)
    lock.acquire()
    wait_until(lambda: not lock.held)
    with pytest.raises(LockLost):
        lock.acquire()


def test_work_that_takes_three_leases_keeps_its_lock(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lease = 3.0  # half of it may pass on a busy machine before a renewal is late
    with locks.create_lock("job", timeout=lease) as lock:
        until = time.monotonic() + 3 * lease
        while time.monotonic() < until:
            assert lock.owned()
            assert not others.create_lock("job").acquire(wait=0)
            time.sleep(0.02)
        lock.check()
    assert others.create_lock("job").acquire(wait=0)


def test_many_locks_are_renewed_together(locks: DistributedLocks) -> None:
    before = threading.active_count()
    held = [locks.create_lock(f"job-{number}", timeout=1.2) for number in range(20)]
    for lock in held:
        lock.acquire()
    time.sleep(2.5)
    assert all(lock.owned() for lock in held)
    # The two of the clock, and one more where a renewal took its time.
    assert threading.active_count() <= before + 3
    assert sorted(one.key for one in locks.held()) == sorted(lock.key for lock in held)
    for lock in held:
        lock.release()
    assert locks.held() == []


def test_a_lock_without_renewal_ends_with_its_lease_and_says_so_before(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    told: list[float] = []
    lock = locks.create_lock(
        "job", timeout=1, renew=False, on_lost=lambda: told.append(time.monotonic())
    )
    began = time.monotonic()
    lock.acquire()
    assert others.create_lock("job", wait=30).acquire()
    # The listener has a thread of its own.
    wait_until(lambda: told)
    assert began + 0.5 < told[0]


def test_somebody_who_took_it_away_is_noticed_by_the_renewal(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    lost = threading.Event()
    lock = locks.create_lock("job", timeout=0.3, on_lost=lost.set)
    lock.acquire()
    redis.client.set(redis.keys.lock("job"), "1:somebody", px=60_000)
    assert lost.wait(30)
    assert not lock.held
    with pytest.raises(LockLost):
        lock.release()
    assert redis.client.get(redis.keys.lock("job")) == b"1:somebody"


def test_a_listener_that_fails_changes_nothing(
    locks: DistributedLocks, redis: RedisConnection, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    lock = locks.create_lock("job", timeout=0.1, on_lost=fail)
    lock.acquire()
    redis.client.delete(redis.keys.lock("job"))
    wait_until(lambda: "listener" in caplog.text)
    with locks.create_lock("other", timeout=1) as other:
        wait_for_renewal(redis, "other")
        other.check()


def test_a_lock_that_everybody_forgot_is_not_renewed(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lock = locks.create_lock("job", timeout=0.3)
    lock.acquire()
    del lock
    gc.collect()
    assert others.create_lock("job", wait=30).acquire()


def test_a_lock_whose_thread_has_ended_is_not_renewed(
    locks: DistributedLocks, others: DistributedLocks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    lock = locks.create_lock("job", timeout=1.0)
    in_thread(lock.acquire).join()
    assert others.create_lock("job", wait=30).acquire()
    assert "was not given back by its thread" in caplog.text


def test_what_threads_held_that_ended_with_their_process_is_given_back(
    locks: DistributedLocks, others: DistributedLocks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    long, short = locks.create_lock("long", timeout=600), locks.create_lock("short", timeout=0.3)
    locks.expect_end()
    in_thread(lambda: (long.acquire(), short.acquire())).join()
    assert others.create_lock("short", wait=30).acquire()
    locks.close()
    assert others.create_lock("long", wait=0).acquire()
    assert "was not given back by its thread" not in caplog.text


def test_a_new_thread_with_the_id_of_an_old_one_does_not_inherit_its_lock(
    locks: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_id = SimpleNamespace(get_ident=lambda: 4711)
    monkeypatch.setattr("yoto.optimization.lock.lock.threading", same_id)
    lock = locks.create_lock("job", timeout=5)
    in_thread(lock.acquire).join()
    assert not lock.acquire(wait=0)
    with pytest.raises(RuntimeError):
        lock.release()


def test_a_lock_of_the_process_outlives_the_thread_that_took_it(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    lock = locks.create_lock("job", timeout=1, of_process=True)
    in_thread(lock.acquire).join()
    wait_for_renewal(redis)
    assert lock.held and not others.create_lock("job").acquire(wait=0)
    in_thread(lock.release).join()
    assert not lock.held and others.create_lock("job").acquire(wait=0)


def test_a_lock_of_the_process_is_given_back_at_its_orderly_end(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lock = locks.create_lock("job", timeout=600, of_process=True)
    assert lock.acquire()
    locks.close()
    assert not lock.held
    other = others.create_lock("job")
    assert other.acquire(wait=0)
    assert not lock.acquire(wait=0)
    other.release()
    assert lock.acquire(wait=0)
    lock.release()
