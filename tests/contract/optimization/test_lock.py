"""The lock on real servers, within one process."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from types import SimpleNamespace

import pytest

from app.core.errors import LockLost, LockNotAcquired, ValidationFailed
from app.core.optimization import DistributedLocks
from app.core.optimization.lock.pace import Pace
from app.core.redis import RedisConnection, RedisSettings
from tests.support.redis_servers import wait_until
from tests.support.round_trips import count_round_trips

POLL, PATIENCE = Pace.of(None).longest_poll, Pace.of(None).patience


def in_thread(run: object) -> threading.Thread:
    """Start another owner."""
    assert callable(run)
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_one_owner_at_a_time(locks: DistributedLocks, others: DistributedLocks) -> None:
    mine, theirs = locks.create_lock("job"), others.create_lock("job", wait=0)
    with mine:
        assert mine.held and mine.locked() and mine.owned()
        assert not theirs.acquire()
        assert theirs.locked() and not theirs.owned() and not theirs.held
        with pytest.raises(LockNotAcquired) as refused:
            theirs.__enter__()
        assert refused.value.key == "job"
    assert not mine.held and not mine.locked() and not mine.owned()
    assert theirs.acquire()
    theirs.release()


def test_keys_do_not_meet(locks: DistributedLocks, others: DistributedLocks) -> None:
    with locks.create_lock("one"), others.create_lock("other", wait=0):
        pass


def test_a_lease_has_an_end_always(
    locks: DistributedLocks, redis: RedisConnection, reach: RedisSettings
) -> None:
    with locks.create_lock("job", timeout=3, wait=0):
        assert 0 < redis.client.pttl(redis.keys.lock("job")) <= 3000
        waiting = in_thread(lambda: locks.create_lock("job", wait=0.3).acquire())
        wait_until(lambda: redis.client.exists(redis.keys.lock("job", "waiters")))
        for key in redis.client.scan_iter(match=f"{reach.key_prefix}*"):
            # -2: it has gone meanwhile; -1 would be for ever.
            assert redis.client.pttl(key) != -1, key
        waiting.join()


def test_nothing_but_the_fence_is_left_when_everybody_is_gone(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection, reach: RedisSettings
) -> None:
    # What is held for seconds, as on a busy machine, is listed.
    listing = {redis.keys.lock_listing(*part).encode() for part in ((), ("words",))}

    def left() -> set[bytes]:
        return set(redis.client.scan_iter(match=f"{reach.key_prefix}*")) - listing

    with locks.create_lock("job"):
        waiters = [
            in_thread(lambda: others.create_lock("job", wait=0.1).acquire()) for _ in range(3)
        ]
        for waiter in waiters:
            waiter.join()
        fence = redis.keys.lock("job", "fence").encode()
        assert left() == {redis.keys.lock("job").encode(), fence}
    assert left() == {fence}
    assert others._turnstile.__len__() == 0


def test_a_lock_without_contention_costs_two_round_trips(locks: DistributedLocks) -> None:
    lock = locks.create_lock("job")
    with lock:
        pass
    with count_round_trips(locks._redis.topology.router.nodes()) as trips:
        with lock:
            assert len(trips) == 1
    assert len(trips) == 2


def test_a_waiter_is_woken_when_the_lock_is_given_back(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    mine = locks.create_lock("job")
    delays = []
    for _ in range(6):
        mine.acquire()
        got: list[float] = []

        def take(got: list[float] = got) -> None:
            with others.create_lock("job", wait=5):
                got.append(time.monotonic())

        waiter = in_thread(take)
        wait_until(lambda: others._wakeups._waiting)
        # Long enough for the longest poll to be the next one.
        time.sleep(0.25)
        given_back = time.monotonic()
        mine.release()
        waiter.join()
        delays.append(got[0] - given_back)
    assert sorted(delays)[2] < POLL / 4


def test_a_lost_wake_up_costs_no_more_than_a_poll(
    locks: DistributedLocks, others: DistributedLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others._wakeups, "_wake", lambda owner: None)
    mine = locks.create_lock("job")
    mine.acquire()
    got: list[float] = []

    def take() -> None:
        with others.create_lock("job", wait=5):
            got.append(time.monotonic())

    waiter = in_thread(take)
    wait_until(lambda: others._wakeups._waiting)
    given_back = time.monotonic()
    mine.release()
    waiter.join()
    assert got[0] - given_back < POLL + 5


def test_a_wait_has_its_limit(locks: DistributedLocks, others: DistributedLocks) -> None:
    with locks.create_lock("job"):
        for wait in (0.0, 0.3):
            began = time.monotonic()
            assert not others.create_lock("job", wait=wait).acquire()
            assert wait <= time.monotonic() - began < wait + 10
        began = time.monotonic()
        assert not others.create_lock("job", wait=60).acquire(wait=0)
        assert time.monotonic() - began < 30


def test_a_holder_that_is_gone_blocks_for_its_lease_and_no_longer(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    began = time.monotonic()
    assert locks.create_lock("job", timeout=0.5, renew=False).acquire()
    assert others.create_lock("job", wait=30).acquire()
    assert 0.45 < time.monotonic() - began


def test_waiters_take_turns_in_the_order_in_which_they_came(
    locks: DistributedLocks, make_locks: object, reach: RedisSettings, redis: RedisConnection
) -> None:
    assert callable(make_locks)
    order: list[int] = []
    mine = locks.create_lock("job")
    mine.acquire()
    threads = []
    queue = redis.keys.lock("job", "waiters")
    for number in range(5):

        def take(number: int = number, own: DistributedLocks = make_locks(reach)) -> None:
            with own.create_lock("job", wait=20):
                order.append(number)

        threads.append(in_thread(take))
        wait_until(lambda: redis.client.zcard(queue) == number + 1)
    mine.release()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_comes_later_does_not_overtake_who_waits(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    """A process that takes and gives back in a loop must not starve the others."""
    mine = locks.create_lock("job", wait=20)
    mine.acquire()
    got = threading.Event()

    def take() -> None:
        with others.create_lock("job", wait=20):
            got.set()

    waiter = in_thread(take)
    wait_until(lambda: redis.client.zcard(redis.keys.lock("job", "waiters")))
    rounds = 0
    while not got.is_set():
        mine.release()
        rounds += 1
        mine.acquire()
    mine.release()
    waiter.join()
    assert rounds == 1


def test_a_waiter_that_has_died_is_passed_over(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    with locks.create_lock("job"):
        queue = redis.keys.lock("job", "waiters")
        dead = "0000000000000001:dead@nowhere"
        redis.client.zadd(queue, {dead: (time.time() + PATIENCE) * 1000})
    began = time.monotonic()
    assert others.create_lock("job", wait=30).acquire()
    assert time.monotonic() - began < PATIENCE + POLL + 5


def test_an_owner_may_take_it_again_and_gives_it_back_as_often(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    outer, inner = locks.create_lock("job"), locks.create_lock("job")
    with outer:
        with inner:
            with outer:
                assert outer.token == inner.token
            assert inner.held
        assert not inner.held and outer.held
        with pytest.raises(RuntimeError):
            inner.release()
        assert not others.create_lock("job").acquire(wait=0)
    assert others.create_lock("job").acquire(wait=0)


def test_another_thread_is_another_owner_even_with_the_same_object(
    locks: DistributedLocks,
) -> None:
    lock = locks.create_lock("job", wait=0)
    seen: list[object] = []

    def stranger() -> None:
        seen.append(lock.held)
        seen.append(lock.acquire())
        for method in (lock.release, lock.check, lambda: lock.token):
            with pytest.raises(RuntimeError):
                method()
        seen.append(lock.locked())

    with lock:
        in_thread(stranger).join()
        assert lock.held and lock.owned()
    assert seen == [False, False, True]


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
    run = locks._redis.scripts.run

    def twice(script, keys, args=()):  # type: ignore[no-untyped-def]
        if script.name == "release.lua":
            run(script, keys, args)
        return run(script, keys, args)

    monkeypatch.setattr(locks._redis.scripts, "run", twice)
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


def test_work_that_takes_ten_leases_keeps_its_lock(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lease = 1.2  # half of it may pass on a busy machine before a renewal is late
    with locks.create_lock("job", timeout=lease) as lock:
        until = time.monotonic() + 10 * lease
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
        time.sleep(1.5)
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
    monkeypatch.setattr("app.core.optimization.lock.lock._owner", lambda: (os.getpid(), 4711))
    lock = locks.create_lock("job", timeout=5)
    in_thread(lock.acquire).join()
    assert not lock.acquire(wait=0)
    with pytest.raises(RuntimeError):
        lock.release()


def test_a_lock_of_the_process_outlives_the_thread_that_took_it(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    lock = locks.create_lock("job", timeout=0.4, of_process=True)
    in_thread(lock.acquire).join()
    time.sleep(1)
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


def test_tokens_grow_from_holder_to_holder_and_after_a_loss(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
) -> None:
    tokens = []
    for number in range(20):
        if number == 10:
            redis.client.delete(redis.keys.lock("job", "fence"))
        with (locks, others)[number % 2].create_lock("job") as lock:
            tokens.append(lock.token)
    assert all(earlier < later for earlier, later in zip(tokens, tokens[1:], strict=False))
    assert all(isinstance(token, int) for token in tokens)


def test_an_interrupted_try_leaves_nothing_behind(
    locks: DistributedLocks,
    others: DistributedLocks,
    redis: RedisConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The interrupt comes when Redis has said yes and nobody has read that yet."""
    run = locks._redis.scripts.run

    def interrupted(script, keys, args=()):  # type: ignore[no-untyped-def]
        reply = run(script, keys, args)
        if script.name == "acquire.lua":
            raise KeyboardInterrupt
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(locks._redis.scripts, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            locks.create_lock("job", timeout=60).acquire()
    assert not redis.client.exists(redis.keys.lock("job"))
    assert len(locks._leases) == 0
    assert others.create_lock("job").acquire(wait=0)


def test_an_interrupted_waiter_leaves_the_queue(
    locks: DistributedLocks,
    others: DistributedLocks,
    redis: RedisConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with others.create_lock("job"):

        class Interrupted(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                assert redis.client.zcard(redis.keys.lock("job", "waiters")) == 1
                raise KeyboardInterrupt

        lock = locks.create_lock("job", wait=5)
        with monkeypatch.context() as patch:
            # The name in that module, not the class itself: other threads start meanwhile.
            threads = SimpleNamespace(Event=Interrupted, Thread=threading.Thread)
            patch.setattr("app.core.optimization.lock.wakeups.threading", threads)
            patch.setattr(locks._wakeups, "_run", lambda: None)
            with pytest.raises(KeyboardInterrupt):
                lock.acquire()
        assert redis.client.zcard(redis.keys.lock("job", "waiters")) == 0


def test_a_second_call_of_the_same_try_gets_the_same_token(
    locks: DistributedLocks, redis: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the reply to the first one was lost on the way."""
    run = locks._redis.scripts.run
    replies = []

    def twice(script, keys, args=()):  # type: ignore[no-untyped-def]
        if script.name == "acquire.lua":
            replies.append(run(script, keys, args))
        replies.append(run(script, keys, args))
        return replies[-1]

    monkeypatch.setattr(locks._redis.scripts, "run", twice)
    with locks.create_lock("job", wait=0):
        assert len(replies) == 2
        assert replies[0] == replies[1]


@pytest.mark.parametrize(("timeout", "wait"), [(0, 1), (-1, 1), (1, -1), (float("nan"), 1)])
def test_times_without_sense_are_refused(
    locks: DistributedLocks, timeout: float, wait: float
) -> None:
    with pytest.raises(ValidationFailed):
        locks.create_lock("job", timeout, wait)


def test_any_text_is_a_key(locks: DistributedLocks, others: DistributedLocks) -> None:
    for key in ("", "{x}", "a:b", "ключ", "a b\n", "x" * 5_000):
        with locks.create_lock(key):
            assert not others.create_lock(key).acquire(wait=0)


def test_counts_tell_what_happened(locks: DistributedLocks, others: DistributedLocks) -> None:
    with locks.create_lock("job"):
        others.create_lock("job").acquire(wait=0)
        others.create_lock("job").acquire(wait=0.05)
    mine, theirs = locks.counts(), others.counts()
    assert (mine.acquired, mine.contended, mine.refused) == (1, 0, 0)
    assert (theirs.acquired, theirs.contended, theirs.refused) == (0, 2, 2)
