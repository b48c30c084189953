"""One writer or many readers, on real servers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

from tests.contract.optimization.conftest import MakeLocks, in_thread
from tests.support.waiting import wait_until
from yoto.errors import LockLost, LockNotAcquired
from yoto.optimization import DistributedLocks, OptimizedDistributedLock
from yoto.optimization.lock.names import ReadWriteKeys
from yoto.optimization.lock.scripts import RW_ABANDON, RW_ACQUIRE, RW_LOOK, RW_RELEASE
from yoto.redis import RedisConnection, RedisSettings


def reading(locks: DistributedLocks, **terms: object) -> OptimizedDistributedLock:
    return locks.create_read_write_lock("book", **terms).reading()  # type: ignore[arg-type]


def writing(locks: DistributedLocks, **terms: object) -> OptimizedDistributedLock:
    return locks.create_read_write_lock("book", **terms).writing()  # type: ignore[arg-type]


@pytest.fixture
def queued(redis: RedisConnection) -> Callable[[], int]:
    """How many wait."""
    return lambda: int(redis.client.zcard(redis.keys.lock("book", "rw", "waiters")))


def test_many_read_and_one_writes(
    locks: DistributedLocks, others: DistributedLocks, make_locks: MakeLocks, reach: RedisSettings
) -> None:
    third = make_locks(reach)
    with reading(locks) as one, reading(others) as two:
        assert one.held and two.held and one.owned() and two.owned() and one.locked()
        assert one.token < two.token
        with pytest.raises(LockNotAcquired), writing(third, wait=0):
            raise AssertionError("never runs")
        newest = two.token
    with writing(locks) as writer:
        assert writer.held and writer.owned() and writer.token > newest
        assert not reading(others, wait=0).acquire()
        assert not writing(others, wait=0).acquire()
        assert reading(others).locked() and not reading(others).owned()
    assert not writing(locks).locked()
    # The lock of that name is another one.
    with writing(locks), others.create_lock("book", wait=0):
        pass


def test_who_comes_first_comes_in_first(
    locks: DistributedLocks,
    make_locks: MakeLocks,
    reach: RedisSettings,
    queued: Callable[[], int],
) -> None:
    order: list[str] = []
    first = reading(locks)
    assert first.acquire()
    threads = []
    for number, side in enumerate(["w1", "r2", "r3", "w4", "r5"]):

        def take(side: str = side, own: DistributedLocks = make_locks(reach)) -> None:
            with (writing if side[0] == "w" else reading)(own, wait=30):
                order.append(side)
                time.sleep(0.02)

        threads.append(in_thread(take))
        wait_until(lambda: queued() == number + 1)
    # A reader does not overtake the writer who waits, though others read.
    assert not reading(make_locks(reach), wait=0).acquire()
    first.release()
    for thread in threads:
        thread.join()
    assert [order[0], set(order[1:3]), *order[3:]] == ["w1", {"r2", "r3"}, "w4", "r5"]
    assert queued() == 0


def test_nobody_is_inside_with_a_writer_and_nobody_starves(
    make_locks: MakeLocks, reach: RedisSettings
) -> None:
    """Readers overlap all the time, so that a writer who had to find none would never come in."""
    mutex, faults = threading.Lock(), list[str]()
    inside = {"r": 0, "w": 0}
    turns = {name: 0 for name in ("r0", "r1", "r2", "w0", "w1")}
    until = time.monotonic() + 3.0

    def work(name: str, own: DistributedLocks) -> None:
        side = (writing if name[0] == "w" else reading)(own, wait=60)
        last = 0
        while time.monotonic() < until:
            with side:
                with mutex:
                    inside[name[0]] += 1
                    if inside["w"] > 1 or inside["w"] and inside["r"] or side.token <= last:
                        faults.append(f"{name} {inside}")
                last = side.token
                time.sleep(0.01)
                with mutex:
                    inside[name[0]] -= 1
            turns[name] += 1

    threads = [in_thread(lambda name=name: work(name, make_locks(reach))) for name in turns]
    for thread in threads:
        thread.join()
    assert faults == []
    assert min(turns.values()) > 0 and turns["w0"] + turns["w1"] > 4, turns


def test_a_reader_that_died_blocks_for_its_lease_and_no_longer(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    assert reading(locks, timeout=0.5, renew=False).acquire()
    began = time.monotonic()
    assert writing(others, wait=30).acquire()
    assert time.monotonic() - began > 0.3


def test_leases_are_renewed_and_made_longer(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    for side in (reading, writing):
        with side(locks, timeout=1.0) as kept:
            time.sleep(1.3)
            assert kept.held and kept.owned()
            assert not writing(others, wait=0).acquire()
        with side(locks, timeout=0.8, renew=False) as longer:
            longer.extend(30)
            assert not writing(others, wait=1.0).acquire()
            assert longer.held and longer.owned()


def test_a_writer_that_somebody_followed_has_lost(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    for follower in (reading, writing):
        late = writing(locks, timeout=0.2, renew=False)
        assert late.acquire()
        with follower(others, wait=30):
            pass
        with pytest.raises(LockLost):
            late.release()
    alone = writing(locks, timeout=0.1, renew=False)
    assert alone.acquire()
    wait_until(lambda: not alone.locked())
    # Nobody came meanwhile.
    alone.release()


def test_a_reader_has_lost_once_a_writer_was_there(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    late = reading(locks, timeout=0.2, renew=False)
    assert late.acquire()
    wait_until(lambda: not late.locked())
    with reading(others):
        pass
    # Readers do each other no harm.
    late.release()
    assert late.acquire()
    with writing(others, wait=30):
        pass
    with pytest.raises(LockLost):
        late.release()


def test_a_loss_is_told(locks: DistributedLocks, redis: RedisConnection) -> None:
    told: list[int] = []
    reader = reading(locks, timeout=0.5, on_lost=lambda: told.append(1))
    assert reader.acquire()
    redis.client.delete(redis.keys.lock("book", "rw", "readers"))
    wait_until(lambda: told)
    assert not reader.held
    with pytest.raises(LockLost):
        reader.release()


def test_a_thread_reads_as_often_as_it_likes_and_changes_sides_never(
    locks: DistributedLocks,
) -> None:
    book = locks.create_read_write_lock("book", wait=0)
    with book.reading(), book.reading() as reader:
        with pytest.raises(RuntimeError, match="give that back first"):
            book.writing().acquire()
        with pytest.raises(RuntimeError, match="no ticket"):
            reader.detach()
    with book.writing(), book.writing():
        with pytest.raises(RuntimeError):
            book.reading().acquire()
    assert not book.writing().locked()


def test_every_key_has_an_end(
    locks: DistributedLocks,
    others: DistributedLocks,
    redis: RedisConnection,
    reach: RedisSettings,
    queued: Callable[[], int],
) -> None:
    with reading(locks) as reader:
        reader.extend(20)
        waiting = in_thread(lambda: writing(others, wait=0.5).acquire())
        wait_until(queued)
        keys = list(redis.client.scan_iter(match=f"{reach.key_prefix}*"))
        assert len(keys) >= 4
        for key in keys:
            assert redis.client.pttl(key) != -1, key
        waiting.join()


class Model:
    """The rule itself: nobody with a writer, and no reader before a writer who came first."""

    def __init__(self) -> None:
        self.inside: dict[str, int] = {}
        self.queue: list[str] = []
        self.newest = 0

    def may(self, owner: str) -> bool:
        before = self.queue[: self.queue.index(owner)] if owner in self.queue else self.queue
        if owner[0] == "w":
            return not self.inside and not before
        return not any(one[0] == "w" for one in (*self.inside, *before))


def test_any_run_of_tries_is_answered_by_the_rule(redis: RedisConnection) -> None:
    for seed in range(60):
        chance, model = random.Random(seed), Model()
        keys = ReadWriteKeys.of(redis.keys, f"run {seed}")
        tickets: dict[str, bytes] = {}
        owners = [f"{chance.choice('rw')}{number:016x}.60000" for number in range(6)]
        for _ in range(40):
            owner = chance.choice(owners)
            ticket: bytes | str = tickets.get(owner, "")
            if owner in model.inside and chance.random() < 0.7:
                value = f"{model.inside.pop(owner)}:{owner}"
                # Sent twice, as when the first reply is lost: it is no loss then.
                sent = [redis.scripts.run(RW_RELEASE, keys, [value]) for _ in range(2)]
                assert sent == [1, 1]
            elif chance.random() < 0.15:
                redis.scripts.run(RW_ABANDON, keys, [owner, ticket])
                model.inside.pop(owner, None)
                model.queue = [one for one in model.queue if one != owner]
                tickets.pop(owner, None)
            else:
                queues = chance.random() < 0.8 or owner in model.queue
                args = [owner, 60_000, 600_000, ticket, 4_000 if queues else 0, "nobody"]
                taken, number, *rest = redis.scripts.run(RW_ACQUIRE, keys, args)
                assert taken == (owner in model.inside or model.may(owner)), (seed, owner)
                if taken:
                    fresh = int(number)
                    assert fresh > model.newest or fresh == model.inside.get(owner)
                    model.newest = max(model.newest, fresh)
                    model.inside[owner] = fresh
                    model.queue = [one for one in model.queue if one != owner]
                    tickets.pop(owner, None)
                elif queues:
                    tickets[owner] = rest[0]
                    model.queue += [owner] if owner not in model.queue else []
            writes, reads, _ = redis.scripts.run(RW_LOOK, [keys.lock, keys.readers], [""])
            assert writes == any(one[0] == "w" for one in model.inside)
            assert reads == sum(one[0] == "r" for one in model.inside)
