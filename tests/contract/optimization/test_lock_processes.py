"""The lock over several processes, and processes that die or stand still."""

from __future__ import annotations

import time

import pytest

from tests.contract.optimization.conftest import MakeLocks, redis_of, wait_for_renewal
from tests.contract.optimization.workers import LockWorkers
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings


def test_a_killed_holder_is_followed_within_its_lease(
    workers: LockWorkers, reach: RedisSettings, locks: DistributedLocks
) -> None:
    (doomed,) = workers.start_at(reach, 1)
    token = doomed.do("take", "job", 1.0, 0)
    doomed.kill()
    # Nobody releases it: only the end of the lease lets another in.
    with locks.create_lock("job", wait=30) as lock:
        assert lock.token > token


def test_a_killed_holder_was_renewing_until_its_end(
    workers: LockWorkers, reach: RedisSettings, locks: DistributedLocks
) -> None:
    (doomed,) = workers.start_at(reach, 1)
    doomed.do("take", "job", 1.5, 0)
    assert not locks.create_lock("job").acquire(wait=3)
    doomed.kill()
    assert locks.create_lock("job").acquire(wait=8)


def test_a_killed_waiter_blocks_nobody(
    workers: LockWorkers, reach: RedisSettings, locks: DistributedLocks, redis: RedisConnection
) -> None:
    (doomed,) = workers.start_at(reach, 1)
    with locks.create_lock("job"):
        doomed.ask("take", "job", 10.0, 60)
        wait_until(lambda: redis.client.zcard(redis.keys.lock("job", "waiters")))
        doomed.kill()
    assert locks.create_lock("job").acquire(wait=8)


def test_a_holder_that_stood_still_past_its_lease_knows_that_it_lost(
    workers: LockWorkers, reach: RedisSettings, locks: DistributedLocks
) -> None:
    (sleeper,) = workers.start_at(reach, 1)
    token = sleeper.do("take", "job", 1.5, 0)
    assert sleeper.do("check")
    sleeper.pause()
    with locks.create_lock("job", wait=8) as lock:
        assert lock.token > token
        sleeper.resume()
        assert not sleeper.do("check")
        assert sleeper.do("give") == "lost"
        assert lock.owned()


def test_a_restarted_server_gives_locks_with_greater_tokens(
    make_locks: MakeLocks, own_server: Server
) -> None:
    locks = make_locks(RedisSettings(url=own_server.url))
    with locks.create_lock("job") as lock:
        before = lock.token
    own_server.restart()
    took: list[int] = []

    def taken() -> bool:
        try:
            with locks.create_lock("job", timeout=1.5) as lock:
                took.append(lock.token)
                wait_for_renewal(redis_of(locks))
                # Later locks are renewed as before.
                return lock.owned()
        except StoreUnavailable:
            return False

    wait_until(taken)
    assert took[0] > before


def test_a_lock_survives_a_short_pause_of_redis(make_locks: MakeLocks, own_server: Server) -> None:
    locks = make_locks(RedisSettings(url=own_server.url))
    with locks.create_lock("job", timeout=3.0) as lock:
        own_server.pause()
        time.sleep(1.2)
        own_server.resume()
        wait_for_renewal(redis_of(locks))
        lock.check()
        assert lock.owned()


def test_without_redis_locks_say_so(make_locks: MakeLocks, own_server: Server) -> None:
    locks = make_locks(RedisSettings(url=own_server.url))
    lock = locks.create_lock("job")
    lock.acquire()
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        locks.create_lock("other").acquire()
    # Work done under it is not called a failure: the lock ends with its lease.
    lock.release()
    assert locks.counts().unreleased == 1
    assert not lock.held
