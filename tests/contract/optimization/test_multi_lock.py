"""Several locks as one, on real servers: of a cluster they are in several slots."""

from __future__ import annotations

import threading
import time

import pytest

from tests.contract.optimization.conftest import in_thread
from tests.support.waiting import wait_until
from yoto.errors import LockLost, LockNotAcquired, ValidationFailed
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection

ACCOUNTS = [f"account:{number}" for number in range(6)]


def test_all_are_held_or_none(locks: DistributedLocks, others: DistributedLocks) -> None:
    both = locks.create_multi_lock(["b", "a", "b"], wait=0)
    assert both.keys == ("a", "b")
    with both:
        assert both.held and set(both.tokens) == {"a", "b"}
        for key in "ab":
            assert not others.create_lock(key, wait=0).acquire()
    assert not both.held
    with others.create_lock("b", wait=0):
        assert not both.acquire()
        with pytest.raises(LockNotAcquired) as refused, both:
            raise AssertionError("never runs")
        assert refused.value.key == "b"
        # What was taken before the one that was not to be had is free again.
        assert others.create_lock("a", wait=0).acquire()


def test_the_wait_is_for_all_together(locks: DistributedLocks, others: DistributedLocks) -> None:
    many = locks.create_multi_lock(ACCOUNTS, wait=0.4)
    with others.create_multi_lock(ACCOUNTS):
        began = time.monotonic()
        assert not many.acquire()
        assert 0.4 <= time.monotonic() - began < 10


def test_transfers_that_cross_each_other_never_wait_in_a_circle(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    moved, balances = [0], dict.fromkeys(ACCOUNTS, 100)

    def transfer(own: DistributedLocks, shift: int) -> None:
        for turn in range(12):
            source, target = (ACCOUNTS[(turn * step + shift) % 6] for step in (1, 5))
            if source == target:
                continue
            with own.create_multi_lock([source, target], wait=60):
                before = balances[source], balances[target]
                time.sleep(0.001)
                balances[source], balances[target] = before[0] - 1, before[1] + 1
                moved[0] += 1

    threads = [
        in_thread(lambda own=own, shift=shift: transfer(own, shift))
        for own in (locks, others)
        for shift in range(3)
    ]
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert sum(balances.values()) == 600 and moved[0] > 30


def test_one_that_is_lost_is_all_lost(locks: DistributedLocks, redis: RedisConnection) -> None:
    told: list[int] = []
    both = locks.create_multi_lock(["a", "b"], timeout=0.6, on_lost=lambda: told.append(1))
    for _ in range(2):
        assert both.acquire()
        both.extend(1.0)
        redis.client.delete(*(redis.keys.lock("a"),))
        redis.client.delete(*(redis.keys.lock("b"),))
        wait_until(lambda: not both.held)
        with pytest.raises(LockLost):
            both.check()
        wait_until(lambda: locks.held() == [])
        with pytest.raises(LockLost):
            both.release()
        with pytest.raises(RuntimeError):
            both.release()
    # Once each time, though both were lost.
    wait_until(lambda: len(told) == 2)


def test_leases_that_end_while_others_are_waited_for_are_not_taken(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    both = locks.create_multi_lock(["a", "b"], timeout=0.2, renew=False, wait=30)
    theirs = others.create_lock("b")
    assert theirs.acquire()
    got: list[bool] = []
    ran = threading.Thread(target=lambda: got.append(both.acquire()))
    ran.start()
    wait_until(lambda: locks.look("a") is not None)
    wait_until(lambda: locks.look("a") is None)
    theirs.release()
    ran.join()
    assert got == [False]
    assert others.create_lock("b", wait=0).acquire()


@pytest.mark.parametrize("keys", [[], "account:1", [str(number) for number in range(65)]])
def test_no_keys_too_many_or_one_text_are_refused(locks: DistributedLocks, keys: object) -> None:
    with pytest.raises(ValidationFailed):
        locks.create_multi_lock(keys)  # type: ignore[arg-type]
