"""Several locks as one, which are deprecated, and the further kinds that are refused."""

from __future__ import annotations

import threading

import pytest

import yoto
from tests.support.waiting import wait_until
from yoto.errors import LockLost, LockNotAcquired, ValidationFailed
from yoto.optimization import AdvancedOptimization
from yoto.optimization.lock.multi import MultiLock, in_order


def several(locks: AdvancedOptimization, *keys: str, **terms: float | bool) -> MultiLock:
    """The locks of these keys as one."""
    with pytest.warns(DeprecationWarning, match="create_lock in the order of their names"):
        return locks.create_multi_lock(keys, **terms)  # type: ignore[arg-type]


def test_several_as_one_still_work_for_a_release_and_say_what_to_use_instead(
    locks: AdvancedOptimization,
) -> None:
    with pytest.warns(DeprecationWarning, match="create_lock") as told:
        both = yoto.create_multi_lock(["b", "a", "b"], wait=0)
    assert told[0].filename == __file__
    assert both.keys == ("a", "b")
    with both:
        assert both.held and set(both.tokens) == {"a", "b"}
        both.extend(30)
        assert sorted(one.key for one in locks.locks.held()) == ["a", "b"]
    assert not both.held and locks.locks.held() == []


def test_all_are_held_or_none(locks: AdvancedOptimization) -> None:
    both = several(locks, "a", "b", wait=0)
    theirs = locks.locks.create_lock("b", of_process=True)
    assert theirs.acquire()
    assert not both.acquire()
    with pytest.raises(LockNotAcquired) as refused, both:
        raise AssertionError("never runs")
    assert refused.value.key == "b"
    assert [one.key for one in locks.locks.held()] == ["b"]
    theirs.release()


def test_a_lease_that_ends_while_another_is_waited_for_is_not_taken(
    locks: AdvancedOptimization,
) -> None:
    both = several(locks, "a", "b", timeout=0.2, renew=False, wait=30)
    theirs = locks.locks.create_lock("b", of_process=True)
    assert theirs.acquire()
    got: list[bool] = []
    ran = threading.Thread(target=lambda: got.append(both.acquire()))
    ran.start()
    wait_until(lambda: locks.locks.look("a") is not None)
    wait_until(lambda: locks.locks.look("a") is None)
    theirs.release()
    ran.join()
    assert got == [False] and locks.locks.held() == []


def test_one_that_is_lost_is_all_lost(locks: AdvancedOptimization) -> None:
    redis = locks.locks._redis
    both = several(locks, "a", "b")
    assert both.acquire()
    redis.client.set(redis.keys.lock("a"), "9:somebody.1000", px=1_000)
    with pytest.raises(LockLost):
        both.release()
    assert not both.held and locks.locks.look("b") is None


@pytest.mark.parametrize("keys", [[], "account:1", [str(number) for number in range(65)]])
def test_no_keys_too_many_or_one_text_are_refused(keys: list[str] | str) -> None:
    with pytest.raises(ValidationFailed):
        in_order(keys)


def test_what_is_removed_is_refused_with_the_remedy_and_changes_nothing(
    locks: AdvancedOptimization,
) -> None:
    with pytest.raises(RuntimeError, match="take the lock of create_lock to write and to read"):
        yoto.create_read_write_lock("accounts", wait=0)
    with pytest.raises(RuntimeError, match="by create_lock"):
        yoto.take_up_lock("7:0123456789abcdef.1000 job")
    lock = locks.create_lock("job")
    with lock:
        with pytest.raises(RuntimeError, match="by create_lock"):
            lock.detach(within=60)
        assert lock.held and lock.owned()
