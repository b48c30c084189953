"""A bulkhead, on every kind of server and on the twin in memory."""

from __future__ import annotations

import threading
import time

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Live, Platform
from tests.support.waiting import wait_until
from yoto.errors import BulkheadFull
from yoto.resilience.bulkhead import Bulkhead, Slot
from yoto.resilience.settings import BulkheadConfig


def fill(bulkhead: Bulkhead, count: int) -> list[Slot]:
    return [bulkhead.acquire(0) for _ in range(count)]


def test_ten_get_in_ten_are_refused_and_all_come_out(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=10)
    slots = fill(bulkhead, 10)
    for _ in range(10):
        with pytest.raises(BulkheadFull) as caught:
            bulkhead.acquire(0)
        assert (caught.value.limit, caught.value.retry_after > 0) == (10, True)
    stats = bulkhead.stats()
    assert (stats.held, stats.held_here, stats.rejected) == (10, 10, 10)
    for slot in slots:
        assert slot.release()
    assert bulkhead.stats().held == 0


def test_a_slot_given_back_twice_counts_once(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=2)
    first, _ = fill(bulkhead, 2)
    assert first.release() is True
    assert first.release() is False
    fill(bulkhead, 1)
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)


def test_an_exception_frees_the_slot(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    with pytest.raises(ZeroDivisionError):
        with bulkhead.acquire(0):
            _ = 1 / 0
    assert bulkhead.stats().held == 0


def test_a_cap_of_nothing_refuses_all_even_those_who_would_wait(
    platform: Platform, name: str
) -> None:
    started = time.monotonic()
    with pytest.raises(BulkheadFull):
        platform.bulkhead(name, max_concurrent=0).acquire(30)
    assert time.monotonic() - started < 5


def test_a_cap_lowered_live_lets_nobody_in_until_enough_are_out(
    platform: Platform, name: str
) -> None:
    config = Live(BulkheadConfig(max_concurrent=10))
    bulkhead = platform.live_bulkhead(name, config)
    slots = fill(bulkhead, 10)
    config.change(max_concurrent=3)
    for slot in slots[:7]:
        slot.release()
        with pytest.raises(BulkheadFull):
            bulkhead.acquire(0)
    slots[7].release()
    fill(bulkhead, 1)
    config.change(max_concurrent=5)
    fill(bulkhead, 2)
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)


def test_waiting_ends_in_time(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1, wait=0.3)
    fill(bulkhead, 1)
    started = time.monotonic()
    with pytest.raises(BulkheadFull):
        bulkhead.acquire()
    assert 0.3 <= time.monotonic() - started < 10
    assert bulkhead.stats().waiting == 0


def test_those_who_wait_get_in_by_the_order_of_their_coming(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    (slot,) = fill(bulkhead, 1)
    order: list[int] = []

    def come(number: int) -> None:
        with bulkhead.acquire(10):
            order.append(number)

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=come, args=(number,)))
        threads[-1].start()
        wait_until(lambda: bulkhead.stats().waiting == len(threads))
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)
    slot.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_slot_is_kept_as_long_as_its_process_lives(platform: Platform, name: str) -> None:
    lease = 3.0  # s, two thirds of which a busy machine may hold up who renews it
    bulkhead = platform.bulkhead(name, max_concurrent=1, lease=lease)
    (slot,) = fill(bulkhead, 1)
    ends = time.monotonic() + 1.2 * lease
    while time.monotonic() < ends:
        assert bulkhead.stats().held == 1
        time.sleep(0.02)
    assert not slot.lost
    assert slot.release()


def test_threads_never_exceed_the_cap(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=5)
    inside, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(10):
            with bulkhead.acquire(30):
                with lock:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.001)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 < most <= 5
    assert bulkhead.stats().held == 0


def test_partitions_have_slots_of_their_own(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    bulkhead.acquire(0, "user:1")
    bulkhead.acquire(0, "user:2")
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0, "user:1")
    assert bulkhead.stats("user:1").held == 1


# Tests that need a server


def test_processes_share_the_slots(join_remote: Join, name: str) -> None:
    first, second = (join_remote().bulkhead(name, max_concurrent=2) for _ in range(2))
    fill(first, 1)
    (slot,) = fill(second, 1)
    for bulkhead in (first, second):
        with pytest.raises(BulkheadFull):
            bulkhead.acquire(0)
    slot.release()
    fill(first, 1)


def test_the_slots_of_a_process_that_is_gone_come_back_within_the_lease(
    join_remote: Join, name: str
) -> None:
    dead, alive = (join_remote().bulkhead(name, max_concurrent=1, lease=2) for _ in range(2))
    # Taken behind the back of the heartbeat, as a process that was killed leaves it.
    assert dead.remote.enter("", "request-of-the-dead", 1, 2)
    with pytest.raises(BulkheadFull):
        alive.acquire(0)
    with alive.acquire(30):
        assert alive.stats().held == 1


def test_a_holder_that_was_stopped_learns_that_it_lost_its_slot(
    join_remote: Join, name: str
) -> None:
    now = [0.0]
    platform = join_remote(clock=lambda: now[0])
    stopped = platform.bulkhead(name, max_concurrent=1, lease=0.3)
    slot = stopped.acquire(0)
    platform.runtime.heartbeat.remove(slot)
    other = join_remote().bulkhead(name, max_concurrent=1, lease=30)
    taken = other.acquire(30)
    now[0] = 0.35
    assert slot.lost
    assert not stopped.verify(slot)
    stopped.renew([slot])
    assert slot.lost
    assert slot.release() is False
    assert other.verify(taken)
    assert other.stats().held == 1


def test_a_dead_waiter_blocks_nobody(join_remote: Join, name: str) -> None:
    dead, alive = (join_remote().bulkhead(name, max_concurrent=1) for _ in range(2))
    (slot,) = fill(alive, 1)
    assert dead.remote.wait("", "waiter-of-the-dead", 1, 10.0) == 0
    slot.release()
    with alive.acquire(8):
        assert alive.stats().held == 1
    wait_until(lambda: alive.stats().waiting == 0)
    fill(alive, 1)


def test_a_request_that_is_sent_again_takes_one_slot(remote: Platform, name: str) -> None:
    bulkhead = remote.bulkhead(name, max_concurrent=2)
    for _ in range(3):
        assert bulkhead.remote.enter("", "request-1", 2, 10.0)
        assert bulkhead.remote.wait("", "request-1", 2, 10.0) == -1
    assert bulkhead.stats().held == 1
    assert bulkhead.remote.leave("", "request-1")
    assert not bulkhead.remote.leave("", "request-1")


def test_a_longer_lease_of_another_holder_is_not_cut_short(remote: Platform, name: str) -> None:
    bulkhead = remote.bulkhead(name, max_concurrent=2)
    bulkhead.remote.enter("", "long", 2, 30.0)
    bulkhead.remote.enter("", "short", 2, 0.1)
    time.sleep(0.15)
    assert bulkhead.stats().held == 1


def test_holders_are_counted_again_after_a_flush(remote: Platform, name: str) -> None:
    bulkhead = remote.bulkhead(name, max_concurrent=1, lease=3.0)
    (slot,) = fill(bulkhead, 1)
    remote.redis.client.flushall()
    wait_until(lambda: bulkhead.stats().held == 1)
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)
    assert not slot.lost
    assert slot.release()


def test_an_interrupted_waiter_leaves_the_queue(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkhead = remote.bulkhead(name, max_concurrent=1)
    fill(bulkhead, 1)

    def interrupted(timeout: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bulkhead.local, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bulkhead.acquire(30)
    assert bulkhead.stats().waiting == 0
