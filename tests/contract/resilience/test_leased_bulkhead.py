"""A bulkhead in mode ``leased``: slots are kept, and no more are inside than strictly."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Live, Platform
from tests.contract.resilience.trips import Trips
from tests.support.waiting import wait_until
from yoto.errors import BulkheadFull, StoreUnavailable
from yoto.resilience.bulkhead import Bulkhead, spares
from yoto.resilience.process import _Process
from yoto.resilience.settings import BulkheadConfig


@pytest.fixture(autouse=True)
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the bulkhead happen only when a test says so, and callers count as coming again
    soon, however busy the machine is."""
    monkeypatch.setattr(spares, "LOOK_EVERY", 600.0)
    monkeypatch.setattr(spares, "IDLE", 600.0)


def leased(platform: Platform, name: str, **fields: Any) -> Bulkhead:
    return platform.bulkhead(name, **{"mode": "leased", "max_concurrent": 20, **fields})


def come_and_go(bulkhead: Bulkhead, times: int = 2) -> None:
    """Twice at least, for a slot to be kept: a caller that comes once is not expected again."""
    for _ in range(times):
        with bulkhead.acquire(0):
            pass


def look(bulkhead: Bulkhead) -> None:
    bulkhead.spares.look()


def test_a_slot_is_kept_for_the_next_caller(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkhead = leased(remote, name)
    come_and_go(bulkhead)
    trips = Trips(remote, monkeypatch)
    come_and_go(bulkhead, 100)
    assert trips.count == 0
    assert bulkhead.stats().held == 1
    assert bulkhead.stats().held_here == 0
    assert bulkhead.stats().spare_here == 1


def test_none_is_kept_for_callers_who_come_seldom(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spares, "IDLE", 0.0)
    bulkhead = leased(remote, name)
    come_and_go(bulkhead, 3)
    assert bulkhead.stats().held == bulkhead.spares.kept == 0


def test_what_is_remembered_of_partitions_is_bounded(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spares, "MOST_PARTITIONS", 3)
    bulkhead = leased(remote, name, strategy="user", max_concurrent=4)
    for user in range(10):
        bulkhead.acquire(0, f"user:{user}").release()
        assert len(bulkhead.spares._left_at) <= 3


def test_a_slot_that_another_part_did_not_need_is_no_kept_one_more(
    remote: Platform, name: str
) -> None:
    bulkhead = leased(remote, name)
    come_and_go(bulkhead)
    config = bulkhead.get_config()
    for _ in range(3):
        spare = bulkhead.spares.take(config, "")
        assert spare is not None
        bulkhead.spares.put_back(config, spare)
    assert bulkhead.spares.counts() == {"leased": 1, "returned": 0, "wasted": 0}
    assert bulkhead.stats().held == 1


def test_a_quarter_of_the_slots_is_kept_at_most(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name)
    slots = [bulkhead.acquire(0) for _ in range(12)]
    for slot in slots:
        assert slot.release()
    assert bulkhead.stats().held == len(bulkhead.spares) == 5


def test_workers_share_what_is_kept(join_remote: Join, name: str) -> None:
    several = [leased(join_remote(instances=lambda: 3), name) for _ in range(3)]
    for bulkhead in several:
        slots = [bulkhead.acquire(0) for _ in range(5)]
        for slot in slots:
            slot.release()
    assert [len(bulkhead.spares) for bulkhead in several] == [1, 1, 1]


def test_a_narrow_bulkhead_keeps_none(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, max_concurrent=3)
    come_and_go(bulkhead, 3)
    assert bulkhead.stats().held == 0


def test_the_cap_holds_with_kept_slots(join_remote: Join, name: str) -> None:
    mine, other = (leased(join_remote(), name, max_concurrent=8) for _ in range(2))
    for slot in [mine.acquire(0) for _ in range(4)]:
        slot.release()
    assert len(mine.spares) == 2
    inside = [other.acquire(0) for _ in range(6)]
    with pytest.raises(BulkheadFull):
        other.acquire(0)
    inside += [mine.acquire(0) for _ in range(2)]
    with pytest.raises(BulkheadFull):
        mine.acquire(0)
    assert mine.stats().held == len(inside) == 8


def test_what_nobody_takes_is_given_back(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkhead = leased(remote, name)
    come_and_go(bulkhead)
    look(bulkhead)
    assert bulkhead.stats().held == 1
    monkeypatch.setattr(spares, "IDLE", 0.0)
    look(bulkhead)
    assert bulkhead.stats().held == 0
    assert (bulkhead.spares.kept, bulkhead.spares.returned, bulkhead.spares.wasted) == (1, 1, 0)


def test_what_nobody_takes_is_given_back_without_being_told(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spares, "LOOK_EVERY", 0.01)
    bulkhead = leased(remote, name)
    come_and_go(bulkhead)
    monkeypatch.setattr(spares, "IDLE", 0.05)
    wait_until(lambda: bulkhead.spares.returned == 1)
    assert bulkhead.stats().held == 0


def test_none_is_kept_of_a_bulkhead_that_is_nearly_full(join_remote: Join, name: str) -> None:
    mine, other = (leased(join_remote(), name) for _ in range(2))
    come_and_go(mine)
    inside = [other.acquire(0) for _ in range(15)]
    look(mine)
    assert mine.stats().held == 15
    come_and_go(mine)
    assert mine.stats().held == len(inside)


def test_none_is_kept_while_another_worker_waits(join_remote: Join, name: str) -> None:
    mine, other = (leased(join_remote(), name, max_concurrent=4) for _ in range(2))
    come_and_go(mine)
    inside = [other.acquire(0) for _ in range(3)]
    got: list[bool] = []
    waiter = threading.Thread(target=lambda: got.append(other.acquire(30).release()))
    waiter.start()

    def came_in() -> list[bool]:
        look(mine)
        return got

    wait_until(came_in)
    waiter.join()
    assert got == [True]
    assert all(slot.release() for slot in inside)


def test_none_is_kept_while_somebody_of_this_worker_waits(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, max_concurrent=4)
    inside = [bulkhead.acquire(0) for _ in range(4)]
    got: list[bool] = []
    waiter = threading.Thread(target=lambda: got.append(bulkhead.acquire(30).release()))
    waiter.start()
    wait_until(lambda: bulkhead.stats().waiting == 1)
    inside.pop().release()
    waiter.join(10)
    assert got == [True]


def test_a_refusal_ends_the_keeping_for_a_while(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, max_concurrent=4)
    inside = [bulkhead.acquire(0) for _ in range(4)]
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)
    for slot in inside:
        slot.release()
    assert bulkhead.stats().held == 0


def test_a_kept_slot_whose_lease_is_over_is_never_used(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, lease=1.0)
    come_and_go(bulkhead)
    # As if the process had been stopped: no heartbeat, and then it goes on.
    remote.runtime.heartbeat.close()
    time.sleep(1.1)
    slot = bulkhead.acquire(0)
    assert not slot.reused and not slot.lost
    assert bulkhead.spares.wasted == 1


def test_a_kept_slot_is_renewed(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, lease=3.0)
    come_and_go(bulkhead)
    time.sleep(3.2)
    slot = bulkhead.acquire(0)
    assert slot.reused
    assert bulkhead.verify(slot)


def test_who_had_a_slot_before_cannot_give_it_back_again(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name)
    come_and_go(bulkhead, 1)
    first = bulkhead.acquire(0)
    assert first.release()
    second = bulkhead.acquire(0)
    assert second.id == first.id
    assert not first.release()
    assert bulkhead.local.held() == 1
    assert second.release()


def test_a_kept_slot_that_redis_forgot_is_let_go(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, lease=0.3)
    come_and_go(bulkhead)
    remote.redis.client.delete(bulkhead.remote.keys("").holders)
    wait_until(lambda: bulkhead.spares.wasted == 1)
    assert bulkhead.stats().held == 0


def test_a_used_slot_that_redis_forgot_is_counted_again_although_it_was_kept_before(
    remote: Platform, name: str
) -> None:
    bulkhead = leased(remote, name, lease=3.0)
    come_and_go(bulkhead)
    slot = bulkhead.acquire(0)
    assert slot.reused
    remote.redis.client.delete(bulkhead.remote.keys("").holders)
    wait_until(lambda: bulkhead.stats().held == 1)
    assert slot.release()


@pytest.mark.parametrize("change", [{"max_concurrent": 4}, {"mode": "strict"}])
def test_another_configuration_gives_kept_slots_back(
    remote: Platform, name: str, change: dict[str, Any]
) -> None:
    config = Live(BulkheadConfig.from_mapping({"mode": "leased"}))
    bulkhead = remote.live_bulkhead(name, config)
    come_and_go(bulkhead)
    config.config = BulkheadConfig.from_mapping({"mode": "leased", **change})
    with bulkhead.acquire(0) as slot:
        assert not slot.reused
        look(bulkhead)
        assert bulkhead.stats().held == 1


def test_a_lower_cap_holds_while_more_are_inside_than_it(remote: Platform, name: str) -> None:
    config = Live(BulkheadConfig.from_mapping({"mode": "leased", "max_concurrent": 20}))
    bulkhead = remote.live_bulkhead(name, config)
    inside = [bulkhead.acquire(0) for _ in range(15)]
    config.change(max_concurrent=8)
    for slot in inside[:3]:
        assert slot.release()
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)
    assert bulkhead.stats().held == 12


def test_a_slot_that_was_taken_without_redis_is_not_kept(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkhead = leased(remote, name, on_store_error="open", max_concurrent=4)
    with monkeypatch.context() as away:
        away.setattr(remote.redis.scripts, "run", _refuse)
        inside = [bulkhead.acquire(0) for _ in range(7)]
    bulkhead.renew(inside)
    assert bulkhead.stats().held == 7
    for slot in inside[:2]:
        assert slot.release()
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)


def test_without_redis_a_slot_is_not_kept_while_somebody_of_this_worker_waits(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkhead = leased(remote, name, max_concurrent=4)
    come_and_go(bulkhead)
    monkeypatch.setattr(remote.redis.scripts, "run", _refuse)
    monkeypatch.setattr(remote.redis.scripts, "run_many", _refuse)
    inside = [bulkhead.acquire(0) for _ in range(4)]
    assert [slot.reused for slot in inside] == [True, False, False, False]
    waiter = threading.Thread(target=lambda: inside.append(bulkhead.acquire(30)))
    waiter.start()
    wait_until(lambda: bulkhead.local.waiting() == 1)
    inside[0].release()
    waiter.join(10)
    assert bulkhead.local.held() == 4
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)


def _refuse(*_: Any, **__: Any) -> Any:
    raise StoreUnavailable("redis", ConnectionError("test"))


def test_slots_are_kept_again_when_there_are_fewer_workers(join_remote: Join, name: str) -> None:
    workers = [6]
    bulkhead = leased(join_remote(instances=lambda: workers[0]), name)
    come_and_go(bulkhead)
    assert len(bulkhead.spares) == 0
    workers[0] = 2
    come_and_go(bulkhead)
    assert len(bulkhead.spares) == 1


def test_a_child_process_does_not_use_its_parents_slots(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkhead = leased(remote, name)
    come_and_go(bulkhead)
    monkeypatch.setattr(_Process, "pid", os.getpid() + 1)
    come_and_go(bulkhead, 1)
    assert bulkhead.spares.kept == 0
    come_and_go(bulkhead, 1)
    assert len(bulkhead.spares) == bulkhead.spares.kept == 1
    # The parent's is held still, and the child's beside it.
    assert bulkhead.stats().held == 2


@pytest.mark.parametrize("give_back", ["clear", "crowd"])
def test_a_child_process_does_not_give_its_parents_slots_back(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch, give_back: str
) -> None:
    bulkhead = leased(remote, name)
    come_and_go(bulkhead)
    assert len(bulkhead.spares) == 1
    monkeypatch.setattr(_Process, "pid", os.getpid() + 1)
    getattr(bulkhead.spares, give_back)(*[""] * (give_back == "crowd"))
    assert bulkhead.stats().held == 1


def test_each_partition_keeps_its_own(remote: Platform, name: str) -> None:
    bulkhead = leased(remote, name, strategy="user")
    for _ in range(2):
        with bulkhead.acquire(0, "user:1"):
            pass
    with bulkhead.acquire(0, "user:2") as other:
        assert not other.reused
    with bulkhead.acquire(0, "user:1") as again:
        assert again.reused
        assert again.partition == "user:1"
