"""The cache without Redis, and when Redis is back."""

from __future__ import annotations

import threading
import time

import pytest

from tests.contract.cache.conftest import MakeCache, Truth
from tests.support.redis_servers import Server
from tests.support.waiting import free_port, wait_until
from yoto.cache import Position, TieredCache
from yoto.errors import StoreUnavailable
from yoto.redis import RedisSettings


@pytest.fixture
def own_cache(make_cache: MakeCache, own_server: Server) -> TieredCache:
    return make_cache(RedisSettings(url=own_server.url))


def fresh(cache: TieredCache) -> bool:
    return cache.stats().fresh


def test_memory_answers_while_it_is_fresh_and_then_the_loader(
    own_cache: TieredCache, own_server: Server, truth: Truth
) -> None:
    own_cache.get_or_load(1, 0, truth.loader())
    own_server.kill()
    assert own_cache.get_or_load(1, 0, truth.loader())[1] == "l1"
    wait_until(lambda: not fresh(own_cache))
    assert own_cache.lookup.slot(1, 0) is None
    truth.masks[1] = 7
    entry, tier = own_cache.get_or_load(1, 0, truth.loader())
    assert (entry.mask, tier) == (7, "db")
    assert own_cache.get_or_load_many([1], 0, lambda ids: {1: truth.loader()()})[1][1] == "db"


def test_without_redis_the_loader_runs_once_for_all_who_ask_together(
    own_cache: TieredCache, own_server: Server, truth: Truth
) -> None:
    own_server.kill()
    wait_until(lambda: not fresh(own_cache))
    go, everybody = threading.Event(), 30
    truth.before = lambda: go.wait(5)
    tiers: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: tiers.append(own_cache.get_or_load(1, 0, truth.loader())[1])
        )
        for _ in range(everybody)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    go.set()
    for thread in threads:
        thread.join()
    assert tiers == ["db"] * everybody
    assert truth.loads == 1


def test_a_check_without_redis_waits_for_nothing(
    own_cache: TieredCache, own_server: Server, truth: Truth
) -> None:
    own_server.kill()
    wait_until(lambda: not fresh(own_cache))
    own_cache.get_or_load(1, 0, truth.loader())
    began = time.monotonic()
    for user_id in range(50):  # one time-out each would be 12 s
        own_cache.get_or_load(user_id, 0, truth.loader())
    assert time.monotonic() - began < 6


def test_a_server_that_hangs_is_waited_for_only_until_that_is_known(
    own_cache: TieredCache, own_server: Server, truth: Truth
) -> None:
    own_server.pause()
    slowest = 0.0
    until = time.monotonic() + 3.0
    user_id = 0
    while time.monotonic() < until:
        user_id += 1
        began = time.monotonic()
        assert own_cache.get_or_load(user_id, 0, truth.loader())[1] == "db"
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.01)
    own_server.resume()
    # Two calls that nobody answers, each as long as the socket's time-out.
    assert slowest < 2.5
    began = time.monotonic()
    assert user_id > 50


def test_a_process_that_starts_without_redis_works_and_finds_it_later(
    make_cache: MakeCache, own_server: Server, truth: Truth
) -> None:
    own_server.kill()
    cache = make_cache(RedisSettings(url=own_server.url), reachable=False)
    assert cache.get_or_load(1, 0, truth.loader())[1] == "db"
    own_server.start()
    wait_until(lambda: fresh(cache), what="Redis to be found")
    assert [cache.get_or_load(1, 0, truth.loader())[1] for _ in range(2)] == ["db", "l1"]


def test_when_redis_is_back_caches_are_used_and_nothing_stale_is(
    own_cache: TieredCache, own_server: Server, make_cache: MakeCache, truth: Truth
) -> None:
    other = make_cache(RedisSettings(url=own_server.url))
    truth.masks |= {1: 1, 2: 2}
    for cache in (own_cache, other):
        for user_id in (1, 2):
            cache.get_or_load(user_id, 0, truth.loader(user_id))
    own_server.restart()
    truth.masks[1] = 5
    position: list[Position] = []

    def told() -> bool:
        try:
            position.append(own_cache.invalidate_user(1))
        except StoreUnavailable:
            return False
        return True

    wait_until(told, what="the log to take it")
    for cache in (own_cache, other):
        assert cache.get_or_load(1, 0, truth.loader(1), position[0])[0].mask == 5
        wait_until(lambda: fresh(cache))
        cache.get_or_load(2, 0, truth.loader(2))
        wait_until(lambda: cache.get_or_load(2, 0, truth.loader(2))[1] == "l1")
        assert cache.get_or_load(1, 0, truth.loader(1))[0].mask == 5


def test_an_invalidation_without_redis_counts_here_and_says_that_it_is_not_told(
    own_cache: TieredCache, own_server: Server, truth: Truth
) -> None:
    truth.masks[1] = 1
    own_cache.get_or_load(1, 0, truth.loader())
    own_server.kill()
    truth.masks[1] = 2
    with pytest.raises(StoreUnavailable):
        own_cache.invalidate_user(1)
    assert own_cache.get_or_load(1, 0, truth.loader())[0].mask == 2


def test_a_position_without_redis_is_answered_by_the_database(
    own_cache: TieredCache, own_server: Server, truth: Truth
) -> None:
    own_cache.get_or_load(1, 0, truth.loader())
    ahead = Position(own_cache.tailer.known + 1)
    own_server.kill()
    truth.masks[1] = 3
    entry, tier = own_cache.get_or_load(1, 0, truth.loader(), at_least=ahead)
    assert (entry.mask, tier) == (3, "db")


def test_nobody_at_the_address_is_an_outage_like_any_other(
    make_cache: MakeCache, truth: Truth
) -> None:
    cache = make_cache(RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0"), reachable=False)
    assert cache.get_or_load(1, 0, truth.loader())[1] == "db"
    assert not fresh(cache)
