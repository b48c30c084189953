"""The answers of each tier, on real servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.contract.cache.conftest import CHANNEL_3, SERVER_7, MakeCache, Truth, seen
from tests.support.round_trips import count_round_trips
from tests.support.waiting import wait_until
from yoto.cache import Loaded, Position, StoreSettings, TieredCache, place_key, refresh
from yoto.errors import StoreUnavailable, ValidationFailed
from yoto.redis import RedisConnection, RedisSettings


def are_stored(redis: RedisConnection, user_ids: Sequence[int]) -> bool:
    """Whether Redis has something of each of these users."""
    return all(redis.client.exists(redis.keys.user_permissions(one)) for one in user_ids)


def test_the_database_answers_first_then_memory_then_redis(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    truth.masks[1] = 2**90 + 5
    truth.fields |= {"detail": b"standing", "roles": frozenset({9, 10})}
    first, tier = cache.get_or_load(1, CHANNEL_3, truth.loader())
    assert (tier, first.mask) == ("db", 2**90 + 5)
    assert cache.get_or_load(1, CHANNEL_3, truth.loader()) == (first, "l1")
    stored, tier = other.get_or_load(1, CHANNEL_3, truth.loader())
    assert tier == "l2"
    assert abs(stored.loaded_at - first.loaded_at) < 0.002
    for name in ("user_id", "place", "position", "mask", "roles", "above", "detail"):
        assert getattr(stored, name) == getattr(first, name), name
    assert other.get_or_load(1, CHANNEL_3, truth.loader()) == (stored, "l1")
    for one in (cache, other):
        slot = one.lookup.slot(1, CHANNEL_3)
        assert slot is not None and slot.mask == first.mask
    assert truth.loads == 1


def test_nothing_allowed_is_an_answer_like_any_other(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    tiers = [one.get_or_load(1, 0, truth.loader())[1] for one in (cache, cache, other)]
    assert tiers == ["db", "l1", "l2"]
    assert truth.loads == 1


def test_users_and_places_are_kept_apart(cache: TieredCache, truth: Truth) -> None:
    for user_id in (1, 2):
        for place in (0, SERVER_7, CHANNEL_3):
            mask = user_id * 1_000 + place
            got = cache.get_or_load(user_id, place, lambda m=mask: Loaded(m, above=(SERVER_7,)))
            assert (got[0].mask, got[1]) == (mask, "db")
    assert cache.get_or_load(2, SERVER_7, truth.loader())[0].mask == 2_000 + SERVER_7


def test_a_loader_that_raises_leaves_nothing_behind(
    cache: TieredCache, other: TieredCache, truth: Truth, redis: RedisConnection
) -> None:
    truth.error = StoreUnavailable("database")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            cache.get_or_load(1, 0, truth.loader())
    assert truth.loads == 2
    assert not redis.client.exists(redis.keys.user_permissions(1))
    assert not redis.client.exists(redis.keys.lock("cache-load/1/g"))
    truth.error, truth.masks[1] = None, 5
    assert other.get_or_load(1, 0, truth.loader())[1] == "db"
    assert cache.get_or_load(1, 0, truth.loader())[1] == "l2"


@pytest.mark.parametrize("tag", ["user:1", "role:9", "server:7", "channel:3", "global"])
def test_a_change_of_anything_it_was_made_from_reaches_every_worker(
    cache: TieredCache, other: TieredCache, truth: Truth, tag: str
) -> None:
    for one in (cache, other):
        one.get_or_load(1, CHANNEL_3, truth.loader())
    truth.masks[1] = 8
    position = cache.invalidate(tag)
    assert cache.get_or_load(1, CHANNEL_3, truth.loader())[0].mask == 8
    seen(other, position)
    assert other.get_or_load(1, CHANNEL_3, truth.loader())[0].mask == 8


def test_a_change_of_something_else_leaves_it_alone(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    for one in (cache, other):
        one.get_or_load(1, CHANNEL_3, truth.loader())
    position = cache.invalidate("user:2", "role:8", "server:3", "channel:7", "policy")
    for one in (cache, other):
        seen(one, position)
        assert one.get_or_load(1, CHANNEL_3, truth.loader())[1] == "l1"
    assert truth.loads == 1


def test_a_slow_reader_stores_nothing_that_is_believed(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    """It reads before a revocation and stores after it."""
    truth.masks[1] = 1
    positions: list[Position] = []

    def revoke() -> None:
        truth.after = None
        truth.masks[1] = 0
        positions.append(other.invalidate_user(1))
        seen(cache, positions[0])

    truth.after = revoke
    old, tier = cache.get_or_load(1, 0, truth.loader())
    # The check began before the revocation, so that it may have come first.
    assert (old.mask, tier) == (1, "db")
    for one in (cache, other):
        assert one.get_or_load(1, 0, truth.loader(), positions[0])[0].mask == 0
        slot = one.lookup.slot(1, 0)
        assert slot is not None and slot.mask == 0
    assert cache.stats().counts["stale_refused"] == 1


def test_what_an_uninformed_worker_stores_is_not_believed_by_the_others(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    """The slow reader hears of the revocation only after it has stored."""
    truth.masks[1] = 1

    def revoke() -> None:
        truth.after = None
        truth.masks[1] = 0
        cache.tailer.close()
        other.invalidate_user(1)

    truth.after = revoke
    assert cache.get_or_load(1, 0, truth.loader())[0].mask == 1
    assert other.get_or_load(1, 0, truth.loader())[0].mask == 0


def test_who_comes_after_a_change_does_not_board_an_older_flight(
    cache: TieredCache, truth: Truth
) -> None:
    truth.masks[1] = 1
    read, go = threading.Event(), threading.Event()

    def linger() -> None:
        truth.after = None
        read.set()
        assert go.wait(5)

    truth.after = linger
    early: list[int] = []
    late: list[int] = []
    first = threading.Thread(
        target=lambda: early.append(cache.get_or_load(1, 0, truth.loader())[0].mask)
    )
    first.start()
    assert read.wait(5)
    truth.masks[1] = 0
    position = cache.invalidate_user(1)
    second = threading.Thread(
        target=lambda: late.append(cache.get_or_load(1, 0, truth.loader(), position)[0].mask)
    )
    second.start()
    seen(cache, position)
    time.sleep(0.05)
    go.set()
    first.join()
    second.join()
    assert (early, late) == ([1], [0])


def test_a_loader_may_ask_the_cache_again(cache: TieredCache, truth: Truth) -> None:
    truth.masks |= {1: 1, 2: 2}

    def nested() -> Loaded:
        other_user = cache.get_or_load(2, 0, truth.loader(2))[0].mask
        same_key = cache.get_or_load(1, 0, truth.loader(1))[0].mask
        return Loaded(other_user | same_key)

    assert cache.get_or_load(1, 0, nested)[0].mask == 3
    assert cache.get_or_load(2, 0, truth.loader(2))[1] == "l1"


def test_loaders_that_need_each_other_do_not_wait_for_each_other(
    cache: TieredCache, truth: Truth
) -> None:
    both = threading.Barrier(2)
    got: list[int] = []

    def need(mine: int, others: int) -> None:
        def load() -> Loaded:
            both.wait(5)
            return Loaded(mine | cache.get_or_load(others, 0, truth.loader(others))[0].mask)

        got.append(cache.get_or_load(mine, 0, load)[0].mask)

    truth.masks |= {1: 1, 2: 2}
    threads = [threading.Thread(target=need, args=pair) for pair in ((1, 2), (2, 1))]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2
    assert got == [3, 3]


def test_an_entry_ends_at_its_boundary_in_both_tiers(
    cache: TieredCache, other: TieredCache, truth: Truth, redis: RedisConnection
) -> None:
    truth.fields["valid_until"] = time.time() + 2.0
    cache.get_or_load(1, 0, truth.loader())
    assert 0 < redis.client.pttl(redis.keys.user_permissions(1)) <= 2_000
    assert other.get_or_load(1, 0, truth.loader())[1] == "l2"
    assert cache.lookup.slot(1, 0) is not None
    wait_until(lambda: time.time() >= truth.fields["valid_until"])
    assert cache.lookup.slot(1, 0) is None
    truth.fields["valid_until"] = None
    assert cache.get_or_load(1, 0, truth.loader())[1] == "db"


def test_a_boundary_in_one_place_does_not_prolong_or_shorten_the_other(
    cache: TieredCache, other: TieredCache, truth: Truth, redis: RedisConnection
) -> None:
    cache.get_or_load(1, 0, truth.loader())
    truth.fields["valid_until"] = time.time() + 0.3
    cache.get_or_load(1, SERVER_7, truth.loader())
    wait_until(lambda: time.time() >= truth.fields["valid_until"])
    assert redis.client.pttl(redis.keys.user_permissions(1)) > 800_000
    truth.fields["valid_until"] = None
    assert other.get_or_load(1, 0, truth.loader())[1] == "l2"
    assert other.get_or_load(1, SERVER_7, truth.loader())[1] == "db"


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\xff" * 60, b"\x01" + b"\x00" * 60])
def test_a_corrupt_value_is_a_miss_and_is_replaced(
    cache: TieredCache, other: TieredCache, truth: Truth, redis: RedisConnection, junk: bytes
) -> None:
    cache.get_or_load(1, 0, truth.loader())
    redis.client.hset(redis.keys.user_permissions(1), "g", junk)
    assert other.get_or_load(1, 0, truth.loader())[1] == "db"
    assert other.stats().corrupt >= 1
    cache.close()
    cache.invalidate("policy")
    assert truth.loads == 2


def test_a_key_of_another_type_is_a_miss_and_is_replaced(
    cache: TieredCache, other: TieredCache, truth: Truth, redis: RedisConnection
) -> None:
    redis.client.set(redis.keys.user_permissions(1), "junk")
    assert cache.get_or_load(1, 0, truth.loader())[1] == "db"
    assert other.get_or_load(1, 0, truth.loader())[1] == "l2"


def test_an_older_entry_does_not_replace_a_newer_one(
    cache: TieredCache,
    other: TieredCache,
    make_cache: MakeCache,
    reach: RedisSettings,
    truth: Truth,
) -> None:
    truth.masks[1] = 1

    def overtaken() -> None:
        truth.after = None
        cache.tailer.close()
        truth.masks[1] = 2
        position = other.invalidate_user(1)
        seen(other, position)
        # Takes no lock: it is held by the one who is overtaken.
        assert other.get_or_load(1, 0, truth.loader())[0].mask == 2

    truth.after = overtaken
    assert cache.get_or_load(1, 0, truth.loader())[0].mask == 1
    stored, tier = make_cache(reach).get_or_load(1, 0, truth.loader())
    assert (stored.mask, tier) == (2, "l2")


def test_places_in_redis_are_bounded(
    make_cache: MakeCache, reach: RedisSettings, truth: Truth, redis: RedisConnection
) -> None:
    cache = make_cache(reach, stored_places=3)
    for server_id in range(1, 9):
        cache.get_or_load(1, place_key("server", server_id), truth.loader())
        assert redis.client.hlen(redis.keys.user_permissions(1)) <= 3


def test_every_key_has_an_end(
    cache: TieredCache, truth: Truth, redis: RedisConnection, reach: RedisSettings
) -> None:
    cache.get_or_load(1, 0, truth.loader())
    cache.invalidate_all()
    pattern = f"{reach.key_prefix}*"
    keys = list(redis.client.scan_iter(match=pattern))
    assert len(keys) >= 3
    for key in keys:
        assert redis.client.pttl(key) > 0, key


def test_a_position_is_waited_for(cache: TieredCache, other: TieredCache, truth: Truth) -> None:
    truth.masks[1] = 1
    for one in (cache, other):
        one.get_or_load(1, 0, truth.loader())
    for mask in range(2, 30):
        truth.masks[1] = mask
        position = cache.invalidate_user(1)
        assert other.get_or_load(1, 0, truth.loader(), at_least=position)[0].mask == mask
        assert cache.get_or_load(1, 0, truth.loader(), at_least=str(position))[0].mask == mask


def test_a_position_that_does_not_come_in_time_is_answered_by_the_database(
    make_cache: MakeCache, reach: RedisSettings, other: TieredCache, truth: Truth
) -> None:
    cache = make_cache(reach, wait_for_position=0.05)
    for one in (cache, other):
        one.get_or_load(1, 0, truth.loader())
    # It stays fresh for a while, and reads nothing more.
    fresh_until = cache.tailer.fresh_until
    cache.tailer.close()
    cache.tailer.fresh_until = fresh_until
    truth.masks[1] = 5
    position = other.invalidate_user(1)
    entry, tier = cache.get_or_load(1, 0, truth.loader(), position)
    assert (entry.mask, tier) == (5, "db")
    many = cache.get_or_load_many([1], 0, lambda ids: {1: truth.loader()()}, position)
    assert (many[1][0].mask, many[1][1]) == (5, "db")
    assert cache.stats().counts["position_timeouts"] == 2


def test_a_position_from_the_future_is_refused(cache: TieredCache, truth: Truth) -> None:
    cache.get_or_load(1, 0, truth.loader())
    newest = cache.tailer.known
    for text in ("9999999999999-0", str(Position(newest + 1))):
        with pytest.raises(ValidationFailed, match="future") as failed:
            cache.get_or_load(1, 0, truth.loader(), at_least=text)
        assert list(failed.value.errors) == ["at_least"]
    assert cache.get_or_load(1, 0, truth.loader(), at_least=newest)[1] == "l1"
    assert truth.loads == 1


@pytest.mark.parametrize("text", ["", "now", "1-2-3", "-1-0"])
def test_a_malformed_position_is_refused(cache: TieredCache, truth: Truth, text: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        cache.get_or_load(1, 0, truth.loader(), at_least=text)
    assert list(failed.value.errors) == ["at_least"]
    assert truth.loads == 0


def test_many_users_are_answered_by_all_tiers_together(
    cache: TieredCache, other: TieredCache, redis: RedisConnection
) -> None:
    asked: list[list[int]] = []

    def load(user_ids: object) -> dict[int, Loaded]:
        assert isinstance(user_ids, list)
        asked.append(user_ids)
        return {user_id: Loaded(user_id) for user_id in user_ids if user_id < 100}

    cache.get_or_load_many([1, 2], SERVER_7, load)
    other.get_or_load_many([3], SERVER_7, load)
    wait_until(lambda: are_stored(redis, [3]))
    got = cache.get_or_load_many([1, 3, 4, 4, 200], SERVER_7, load)
    assert {user_id: (entry.mask, tier) for user_id, (entry, tier) in got.items()} == {
        1: (1, "l1"),
        3: (3, "l2"),
        4: (4, "db"),
    }
    assert asked == [[1, 2], [3], [4, 200]]
    wait_until(lambda: are_stored(redis, [4]))
    assert other.get_or_load_many([4], SERVER_7, load)[4][1] == "l2"


def test_what_is_not_stored_because_too_much_waits_is_counted(
    cache: TieredCache, redis: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "MAX_QUEUE", 0)
    got = cache.get_or_load_many([1, 2], SERVER_7, lambda ids: {one: Loaded(one) for one in ids})
    assert {user_id: entry.mask for user_id, (entry, _) in got.items()} == {1: 1, 2: 2}
    assert cache.stats().counts["stores_refused"] == 2
    assert not are_stored(redis, [1]) and not are_stored(redis, [2])


@pytest.mark.parametrize("people", [10, 10_000])
def test_many_users_cost_one_round_trip_a_server_cold_and_warm(
    make_cache: MakeCache, reach: RedisSettings, redis: RedisConnection, people: int
) -> None:
    # So much at once may take a busy server seconds, in which nothing else is heard.
    patient = replace(reach, socket_timeout=30)
    cache, other = (make_cache(patient, max_staleness=60.0) for _ in range(2))
    users = list(range(1, people + 1))
    other.get_or_load_many(users, SERVER_7, lambda ids: {})  # now all servers know the script
    with count_round_trips() as cold:
        cache.get_or_load_many(users, 0, lambda ids: {one: Loaded(one) for one in ids})
    wait_until(lambda: are_stored(redis, users[-100:]), 60, what="the last ones to be stored")
    with count_round_trips() as warm:
        got = other.get_or_load_many(users, 0, lambda ids: {})
    assert [(one, entry.mask, tier) for one, (entry, tier) in got.items()] == [
        (one, one, "l2") for one in users
    ]
    names = sorted(node.name for node in redis.topology.router.nodes())
    assert (sorted(cold), sorted(warm)) == (names, names)


def test_many_users_whose_loader_raises_leave_nothing_behind(cache: TieredCache) -> None:
    def fail(user_ids: object) -> dict[int, Loaded]:
        raise StoreUnavailable("database")

    with pytest.raises(StoreUnavailable):
        cache.get_or_load_many([1, 2], 0, fail)
    got = cache.get_or_load_many([1, 2], 0, lambda ids: {one: Loaded(1) for one in ids})
    assert {tier for _, tier in got.values()} == {"db"}


def test_an_old_entry_answers_at_once_and_is_refreshed_once(
    make_cache: MakeCache, reach: RedisSettings, truth: Truth
) -> None:
    cache = make_cache(reach, users=StoreSettings(100, 60.0), soft_share=0.001)
    truth.masks[1] = 1
    first = cache.get_or_load(1, 0, truth.loader())[0]
    wait_until(lambda: cache.lookup.slot(1, 0) is None)
    truth.masks[1] = 2
    go = threading.Event()
    truth.before = lambda: go.wait(5)
    assert cache.lookup.slot(1, 0) is None
    for _ in range(20):
        assert cache.get_or_load(1, 0, truth.loader()) == (first, "l1")
    go.set()
    wait_until(lambda: cache.remembered(1, 0).mask == 2)  # type: ignore[union-attr]
    assert truth.loads == 2
    wait_until(lambda: cache.stats().counts["refreshes"] == 1)


def test_a_refresh_that_fails_keeps_the_old_value_until_its_end(
    make_cache: MakeCache, reach: RedisSettings, truth: Truth, caplog: pytest.LogCaptureFixture
) -> None:
    cache = make_cache(reach, users=StoreSettings(100, 1.5), soft_share=0.1)
    truth.masks[1] = 1
    cache.get_or_load(1, 0, truth.loader())
    ends_at = time.monotonic() + 1.5
    truth.error = StoreUnavailable("database")
    wait_until(
        lambda: (
            cache.get_or_load(1, 0, truth.loader()) and cache.stats().counts["refresh_errors"]
        ),
        what="a refresh to fail",
    )
    assert cache.get_or_load(1, 0, truth.loader())[1] == "l1"
    wait_until(lambda: time.monotonic() >= ends_at)
    with pytest.raises(StoreUnavailable):
        cache.get_or_load(1, 0, truth.loader())


def test_memory_is_bounded_and_says_what_had_to_go(
    make_cache: MakeCache, reach: RedisSettings, truth: Truth
) -> None:
    cache = make_cache(reach, users=StoreSettings(10, 900.0))
    for user_id in range(1, 31):
        cache.get_or_load(user_id, 0, truth.loader())
    stats = cache.stats()
    assert stats.sizes["users"] == stats.capacities["users"] == 10
    assert stats.evictions["users"] == 20


def test_statistics_tell_the_tiers_apart(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    cache.get_or_load(1, 0, truth.loader())
    cache.get_or_load(1, 0, truth.loader())
    cache.lookup.slot(1, 0)
    other.get_or_load(1, 0, truth.loader())
    mine, theirs = cache.stats(), other.stats()
    assert {name: n for name, n in mine.counts.items() if n} == {
        "l1_hits": 2,
        "l1_misses": 1,
        "l2_misses": 1,
        "loads": 1,
    }
    assert {name: n for name, n in theirs.counts.items() if n} == {"l1_misses": 1, "l2_hits": 1}
    assert mine.fresh and mine.silent_for is not None and mine.silent_for < 2
    assert mine.applied == str(cache.tailer.applied)
    assert mine.log["entries"] >= 1


def test_two_caches_of_one_process_share_nothing_but_redis(
    cache: TieredCache, other: TieredCache, truth: Truth
) -> None:
    cache.get_or_load(1, 0, truth.loader())
    assert other.lookup.slot(1, 0) is None
    assert other.stats().sizes["users"] == 0
