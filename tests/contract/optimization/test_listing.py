"""Which locks are held anywhere, and taking one away."""

from __future__ import annotations

import threading

import pytest

from tests.contract.optimization.conftest import MakeLocks, redis_of
from tests.contract.optimization.workers import LockWorkers
from tests.support.round_trips import count_round_trips
from tests.support.waiting import wait_until
from yoto.errors import LockLost, StoreUnavailable, ValidationFailed
from yoto.optimization import DistributedLocks
from yoto.optimization.lock import listing
from yoto.redis import RedisConnection, RedisSettings


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "INTERVAL", 0.1)


def test_a_lock_held_for_a_while_is_listed_everywhere_and_forgotten_with_its_end(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    with locks.create_lock("long") as lock:
        assert others.held_anywhere() == []
        wait_until(others.held_anywhere)
        (told,) = others.held_anywhere()
        assert (told.key, told.token) == ("long", lock.token)
        assert told.held_for >= listing.LISTED_AFTER
        assert told.silent_for < 30
        for key in (redis.keys.lock_listing(), redis.keys.lock_listing("words")):
            assert redis.client.pttl(key) > 0
    wait_until(lambda: not others.held_anywhere())
    with locks.create_lock("again"):
        wait_until(others.held_anywhere)


def test_each_process_is_listed_under_its_name(
    make_locks: MakeLocks, reach: RedisSettings, redis: RedisConnection
) -> None:
    named = DistributedLocks(redis, holder="instance-7")
    other = make_locks(reach)
    with named.create_lock("one"), other.create_lock("other"):
        wait_until(lambda: len(other.held_anywhere()) == 2)
        holders = {told.key: told.holder for told in named.held_anywhere()}
    assert holders["one"] == "instance-7" != holders["other"]
    named.close()


def test_telling_costs_whoever_takes_and_gives_back_nothing(locks: DistributedLocks) -> None:
    with locks.create_lock("short"):
        pass  # now its server knows the scripts
    with locks.create_lock("long"):
        wait_until(locks.held_anywhere)
        with count_round_trips(redis_of(locks).topology.router.nodes()) as trips:
            with locks.create_lock("short"):
                pass
        assert len(trips) == 2


def test_the_list_is_bounded(
    locks: DistributedLocks, others: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_LOCKS", 2)
    monkeypatch.setattr(listing, "MAX_PROCESSES", 1)
    keys = ["x" * (listing.MAX_NAME + 1), "first", "second", "third"]
    held = [locks.create_lock(key) for key in keys]
    for lock in held:
        lock.acquire()
    wait_until(lambda: [told.key for told in locks.held_anywhere()] == ["first", "second"])
    with others.create_lock("fourth", timeout=60):
        # One process may speak; the one whose word ends last does.
        wait_until(lambda: "fourth" in [told.key for told in locks.held_anywhere()])
        assert [told.key for told in locks.held_anywhere()] == ["fourth"]
    for lock in held:
        lock.release()


def test_the_lock_of_a_process_that_died_is_listed_until_its_lease_ends(
    workers: LockWorkers, reach: RedisSettings, locks: DistributedLocks
) -> None:
    (doomed,) = workers.start_at(reach, 1)
    token = doomed.do("take", "job", 120.0, 0)
    wait_until(locks.held_anywhere)
    doomed.kill()
    (told,) = locks.held_anywhere()
    assert (told.key, told.token) == ("job", token)
    view = locks.look("job")
    assert view is not None and view.token == token and 100 < view.lease_left_s <= 120
    assert locks.force_release("job", token, reason="its process was killed")
    with locks.create_lock("job", wait=0) as lock:
        assert lock.token > token


def test_standings_tell_of_each_lock_whose_it_is_now(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    assert others.states(10) == ([], 0) and others.state_of("job") is None
    lock = locks.create_lock("job", timeout=60, renew=False)
    lock.acquire()
    with locks.create_lock("other", timeout=60):
        wait_until(lambda: others.states(10)[1] == 2)
        (job,), told = others.states(1)
        assert (job.name, job.token, told) == ("job", lock.token, 2)
        assert job.holder is not None and job.held_s is not None
    assert others.force_release("job", lock.token, reason="it hangs")
    with others.create_lock("job", timeout=60) as later:
        # The first one does not know yet, and still says that it holds the lock.
        alone = others.state_of("job")
        assert alone is not None and (alone.token, alone.holder) == (later.token, None)
        found = {one.name: one for one in others.states(10)[0]}
        assert found["job"].token == later.token


def test_a_look_says_who_holds_and_how_many_wait(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    assert others.look("job") is None
    with locks.create_lock("job", timeout=20) as lock:
        waiting = threading.Thread(target=lambda: others.create_lock("job", wait=30).acquire())
        waiting.start()
        wait_until(lambda: (view := locks.look("job")) is not None and view.waiting == 1)
        view = others.look("job")
        assert view is not None
        assert (view.name, view.token) == ("job", lock.token)
        assert 0 < view.lease_left_s <= 20
    waiting.join()


def test_a_lock_that_is_taken_away_goes_to_who_waits_and_its_holder_hears_of_it(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    lost = threading.Event()
    lock = locks.create_lock("job", timeout=3, on_lost=lost.set)
    lock.acquire()
    got: list[int] = []

    def take() -> None:
        with others.create_lock("job", wait=30) as taken:
            got.append(taken.token)

    waiting = threading.Thread(target=take)
    waiting.start()
    wait_until(lambda: (view := locks.look("job")) is not None and view.waiting == 1)
    assert others.force_release("job", lock.token, reason="it hangs")
    waiting.join()
    assert got[0] > lock.token
    assert lost.wait(30)
    with pytest.raises(LockLost):
        lock.release()
    assert others.counts().forced == 1


def test_a_holder_without_renewal_hears_of_it_when_it_gives_back(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    with pytest.raises(LockLost):
        with locks.create_lock("job", renew=False) as lock:
            assert others.force_release("job", lock.token, reason="to see")


def test_only_the_holder_that_was_meant_loses_its_lock(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    assert not others.force_release("job", 7, reason="nobody holds it")
    with locks.create_lock("job") as lock:
        assert not others.force_release("job", lock.token - 1, reason="an old list")
        lock.check()
        assert lock.owned()
    assert others.counts().forced == 0


@pytest.mark.parametrize(("token", "reason", "field"), [(7, "  ", "reason"), (0, "x", "token")])
def test_taking_away_wants_a_token_and_a_reason(
    locks: DistributedLocks, token: int, reason: str, field: str
) -> None:
    with pytest.raises(ValidationFailed) as failed:
        locks.force_release("job", token, reason)
    assert list(failed.value.errors) == [field]


def test_without_redis_locks_are_not_listed_and_nothing_breaks(
    make_locks: MakeLocks, reach: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = make_locks(reach)
    scripts, failed = redis_of(locks).scripts, threading.Event()
    run = scripts.run

    def refuse(script, *given):  # type: ignore[no-untyped-def]
        if script.name == "publish.lua" and not failed.is_set():
            failed.set()
            raise StoreUnavailable("redis")
        return run(script, *given)

    monkeypatch.setattr(scripts, "run", refuse)
    with locks.create_lock("job"):
        assert failed.wait(30)
        wait_until(locks.held_anywhere)
