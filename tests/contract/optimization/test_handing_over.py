"""A lock that goes from hand to hand by its ticket."""

from __future__ import annotations

import pytest

from tests.contract.optimization.conftest import in_thread, redis_of, wait_for_renewal
from tests.contract.optimization.workers import LockWorkers
from tests.support.waiting import wait_until
from yoto.errors import LockLost, ValidationFailed
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings


def test_another_thread_takes_it_up_with_the_same_token(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lock = locks.create_lock("job {of} me", timeout=30)
    assert lock.acquire()
    token = lock.token
    ticket = lock.detach()
    # Whoever gave it away has it no more, and nobody else can have it meanwhile.
    assert not lock.held and locks.held() == []
    for act in (lock.release, lock.check, lambda: lock.extend(9), lock.detach):
        with pytest.raises(RuntimeError):
            act()
    assert not others.create_lock("job {of} me", wait=0).acquire()
    seen: list[object] = []

    def take() -> None:
        with locks.take_up(ticket) as mine:
            seen.extend([mine.key, mine.token, mine.held, mine.owned()])

    in_thread(take).join()
    assert seen == ["job {of} me", token, True, True]
    assert others.create_lock("job {of} me", wait=0).acquire()


def test_another_process_takes_it_up_and_gives_it_on(
    locks: DistributedLocks, workers: LockWorkers, reach: RedisSettings
) -> None:
    (worker,) = workers.start_at(reach, 1)
    with locks.create_lock("job", timeout=30) as lock:
        token = lock.token
        ticket = lock.detach(within=60)
        assert worker.do("take_up", ticket, 1.0) == token
        # It is renewed there.
        wait_for_renewal(redis_of(locks))
        assert worker.do("check") is True
        back = locks.take_up(worker.do("detach", 60.0))
        assert back.acquire() and back.token == token
        back.release()
        assert lock.acquire(wait=0)
        assert lock.token > token


def test_a_ticket_is_good_once(locks: DistributedLocks, others: DistributedLocks) -> None:
    lock = locks.create_lock("job", timeout=30)
    assert lock.acquire()
    ticket = lock.detach()
    first = others.take_up(ticket)
    assert first.acquire()
    second = locks.take_up(ticket)
    with pytest.raises(LockLost):
        second.acquire()
    with pytest.raises(LockLost), locks.take_up(ticket):
        raise AssertionError("never runs")
    assert first.held and first.owned()
    first.release()
    with pytest.raises(LockLost):
        first.acquire()


def test_whoever_comes_too_late_finds_it_lost(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lock = locks.create_lock("job", timeout=0.2)
    assert lock.acquire()
    ticket = lock.detach()
    with others.create_lock("job", wait=30) as theirs:
        with pytest.raises(LockLost):
            locks.take_up(ticket).acquire()
        assert theirs.owned()


def test_a_hand_over_begins_a_lease_of_the_length_that_was_asked_for(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    lock = locks.create_lock("job", timeout=0.5)
    assert lock.acquire()
    ticket = lock.detach(within=60)
    key = redis.keys.lock("job")
    assert 59_000 < redis.client.pttl(key) <= 60_000
    assert not locks.create_lock("job", wait=0.3).acquire()
    assert redis.client.pttl(key) > 50_000
    taken = locks.take_up(ticket, timeout=5)
    assert taken.acquire()
    assert redis.client.pttl(key) <= 5_000
    # Taken again it is given back twice.
    assert taken.acquire()
    with pytest.raises(RuntimeError, match="2 times"):
        taken.detach()
    taken.release()
    taken.release()
    assert not taken.locked()


def test_whoever_has_taken_it_up_hears_of_its_loss(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    lock = locks.create_lock("job", timeout=30)
    assert lock.acquire()
    told: list[int] = []
    taken = locks.take_up(lock.detach(), timeout=0.5, on_lost=lambda: told.append(1))
    assert taken.acquire()
    redis.client.delete(redis.keys.lock("job"))
    wait_until(lambda: told)
    with pytest.raises(LockLost):
        taken.release()


def test_whoever_gave_it_away_and_has_it_again_by_the_ticket_gives_all_back(
    locks: DistributedLocks,
) -> None:
    lock = locks.create_lock("job", timeout=30)
    with lock:
        ticket = lock.detach()
    with locks.take_up(ticket), lock:
        assert lock.held
    assert not lock.locked() and locks.held() == []


def test_a_ticket_is_no_better_for_a_thread_that_has_the_lock_already(
    locks: DistributedLocks,
) -> None:
    lock = locks.create_lock("job", timeout=30)
    assert lock.acquire()
    ticket = lock.detach()
    with locks.take_up(ticket) as first, pytest.raises(LockLost):
        locks.take_up(ticket).acquire()
    with lock, pytest.raises(LockLost):
        first.acquire()
    assert not lock.locked()


def test_nobody_waits_longer_for_one_that_is_never_taken_up_than_was_said(
    locks: DistributedLocks, redis: RedisConnection
) -> None:
    for renew in (True, False):
        lock = locks.create_lock("job", timeout=30, renew=renew)
        assert lock.acquire()
        lock.detach(within=0.5)
        assert redis.client.pttl(redis.keys.lock("job")) <= 500
        assert lock.acquire()
        lock.release()


@pytest.mark.parametrize("ticket", ["", "job", "7:me job", 5, None])
def test_what_is_no_ticket_is_refused(locks: DistributedLocks, ticket: object) -> None:
    with pytest.raises(ValidationFailed):
        locks.take_up(ticket)  # type: ignore[arg-type]
