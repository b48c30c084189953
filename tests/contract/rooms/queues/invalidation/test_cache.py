"""Real caches: the entries that they believe after the queue says that it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.cache.workers import CacheWorkers, Truth
from tests.contract.rooms.queues.invalidation.conftest import MakeInvalidation
from tests.support.nursery import Nursery
from tests.support.waiting import wait_until
from yoto import cache as cache_layer
from yoto.cache import Loaded, TieredCache, place_key
from yoto.optimization import DistributedLocks
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.queues.invalidation import LogAccess, Submission

tags = cache_layer.tags
SERVER_7 = place_key("server", 7)
LIMIT = 30.0
BURST = 50_000
# More than what "auto" publishes one by one.
WATCHED = range(1, 31)

MakeCache = Callable[[], TieredCache]


@pytest.fixture
def make_cache(reach: RedisSettings) -> Iterator[MakeCache]:
    """Makes caches that follow the log; closed after the test."""
    made: list[tuple[TieredCache, DistributedLocks, RedisConnection]] = []

    def make() -> TieredCache:
        redis = RedisConnection(reach)
        locks = DistributedLocks(redis)
        cache = TieredCache(redis, locks)
        made.append((cache, locks, redis))
        wait_until(lambda: cache.start(30))
        return cache

    yield make
    for cache, locks, redis in made:
        cache.close()
        locks.close()
        redis.close()


def access(cache: TieredCache) -> LogAccess:
    return LogAccess(cache.invalidate, tags.is_known, tags.memory, tags.GLOBAL)


def entries_of(redis: RedisConnection) -> int:
    """Entries that the log ever had; it numbers them."""
    return int(redis.client.get(redis.keys.invalidation_log("n")))


@pytest.mark.parametrize("reach", ["valkey_server"], indirect=True)
def test_a_burst_is_emptied_with_a_tenth_of_the_entries_of_single_keys(
    make_invalidation: MakeInvalidation, make_cache: MakeCache, redis: RedisConnection
) -> None:
    cache = make_cache()
    burst = [Submission(f"user:{one}", "test", "all", "server:7") for one in range(1, BURST + 1)]
    entries = {}
    for strategy in ("aggressive", "conservative"):
        invalidation = make_invalidation(access=access(cache), strategy=strategy)
        before = entries_of(redis)
        receipt = invalidation.submit_many(burst)
        assert invalidation.stats().waiting == receipt.new == BURST
        invalidation.start()
        drained = invalidation.drain(LIMIT, receipt)
        invalidation.close()
        assert drained.done and drained.left == 0
        assert cache.reached(str(drained.position))
        entries[strategy] = entries_of(redis) - before
    # Single keys even share entries of the log, up to 500 in one.
    assert entries["conservative"] >= BURST / 500
    assert entries["aggressive"] * 10 <= entries["conservative"]


@pytest.mark.parametrize("reach", ["valkey_server", "valkey_cluster"], indirect=True)
def test_after_it_says_done_two_processes_serve_nothing_old(
    make_invalidation: MakeInvalidation,
    make_cache: MakeCache,
    reach: RedisSettings,
    tmp_path: Path,
    nursery: Nursery,
) -> None:
    truth = Truth(tmp_path)
    with CacheWorkers(nursery) as workers:
        two = workers.start_at(reach, tmp_path, 2)
        for mask, strategy in enumerate(["conservative", "auto", "aggressive"], start=1):
            for worker in two:
                assert worker.do("get_many", list(WATCHED)) == [mask - 1] * len(WATCHED)
            invalidation = make_invalidation(access=access(make_cache()), strategy=strategy)
            invalidation.start()
            for one in WATCHED:
                truth.write(one, mask)
            receipt = invalidation.submit_many(
                [Submission(f"user:{one}", "test", "all", "server:7") for one in WATCHED]
            )
            drained = invalidation.drain(LIMIT, receipt)
            assert drained.done and drained.position is not None
            for worker in two:
                assert worker.do("get_many", list(WATCHED), drained.position) == [mask] * len(
                    WATCHED
                )
            invalidation.close()


def test_a_level_decides_which_tier_answers_next(
    make_invalidation: MakeInvalidation, make_cache: MakeCache
) -> None:
    here, there = make_cache(), make_cache()
    invalidation = make_invalidation(access=access(here))
    invalidation.start()
    masks = {1: 1, 2: 1}

    def ask(cache: TieredCache, user_id: int, position: str | None = None) -> tuple[int, str]:
        entry, tier = cache.get_or_load(user_id, SERVER_7, lambda: Loaded(masks[user_id]), position)
        return entry.mask, tier

    for user_id in masks:
        assert ask(here, user_id) == (1, "db")
        wait_until(lambda: ask(there, user_id)[1] == "l1")
    masks.update({1: 2, 2: 2})
    invalidation.submit("user:1", "test", level="l1")
    drained = invalidation.drain(LIMIT)
    assert drained.done
    for cache in (here, there):
        # Redis is still believed: nothing says that it is wrong.
        assert ask(cache, 1, drained.position) == (1, "l2")
        assert ask(cache, 2) == (1, "l1")
    invalidation.submit("user:1", "test")
    drained = invalidation.drain(LIMIT)
    assert ask(here, 1, drained.position) == (2, "db")
    wait_until(lambda: ask(there, 1, drained.position)[1] in ("l1", "l2"))
    assert ask(there, 1)[0] == 2
