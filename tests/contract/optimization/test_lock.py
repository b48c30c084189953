"""The lock on real servers, within one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from tests.contract.optimization.conftest import in_thread, redis_of
from tests.support.round_trips import count_round_trips
from tests.support.waiting import wait_until
from yoto.errors import LockNotAcquired, ValidationFailed
from yoto.optimization import DistributedLocks
from yoto.optimization.lock.timing import LockTimes
from yoto.optimization.lock.wakeups import WakeUps
from yoto.redis import RedisConnection, RedisSettings

POLL, PATIENCE = LockTimes.of(None).longest_poll, LockTimes.of(None).patience


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
    # Locks that are held for seconds, as on a busy machine, are listed.
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
    assert others.create_lock("job", wait=0).acquire()


def test_a_lock_without_contention_costs_two_round_trips(locks: DistributedLocks) -> None:
    lock = locks.create_lock("job")
    with lock:
        pass
    with count_round_trips(redis_of(locks).topology.router.nodes()) as trips:
        with lock:
            assert len(trips) == 1
    assert len(trips) == 2


def test_a_waiter_is_woken_when_the_lock_is_given_back(
    locks: DistributedLocks, others: DistributedLocks, redis: RedisConnection
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
        wait_until(lambda: redis.client.zcard(redis.keys.lock("job", "waiters")))
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
    waits = threading.Event()

    @contextmanager
    def unheard(self: WakeUps, owner: str) -> Iterator[threading.Event]:
        waits.set()
        yield threading.Event()

    monkeypatch.setattr(WakeUps, "waiting", unheard)
    mine = locks.create_lock("job")
    mine.acquire()
    got: list[float] = []

    def take() -> None:
        with others.create_lock("job", wait=5):
            got.append(time.monotonic())

    waiter = in_thread(take)
    assert waits.wait(30)
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
    scripts = redis_of(locks).scripts
    run = scripts.run

    def interrupted(script, keys, args=()):  # type: ignore[no-untyped-def]
        reply = run(script, keys, args)
        if script.name == "acquire.lua":
            raise KeyboardInterrupt
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(scripts, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            locks.create_lock("job", timeout=60).acquire()
    assert not redis.client.exists(redis.keys.lock("job"))
    assert locks.held() == []
    assert others.create_lock("job").acquire(wait=0)


def test_an_interrupted_waiter_leaves_the_queue(
    locks: DistributedLocks,
    others: DistributedLocks,
    redis: RedisConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = redis.keys.lock("job", "waiters")
    with others.create_lock("job"):
        # A waiter is soon passed over, and to find the node of a key the first time takes a while.
        assert redis.client.zcard(queue) == 0

        class Interrupted(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                assert redis.client.zcard(queue) == 1
                raise KeyboardInterrupt

        lock = locks.create_lock("job", wait=5)
        with monkeypatch.context() as patch:
            patch.setattr(WakeUps, "waiting", lambda self, owner: nullcontext(Interrupted()))
            with pytest.raises(KeyboardInterrupt):
                lock.acquire()
        assert redis.client.zcard(queue) == 0


def test_a_second_call_of_the_same_try_gets_the_same_token(
    locks: DistributedLocks, redis: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the reply to the first one was lost on the way."""
    scripts = redis_of(locks).scripts
    run = scripts.run
    replies = []

    def twice(script, keys, args=()):  # type: ignore[no-untyped-def]
        if script.name == "acquire.lua":
            replies.append(run(script, keys, args))
        replies.append(run(script, keys, args))
        return replies[-1]

    monkeypatch.setattr(scripts, "run", twice)
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
