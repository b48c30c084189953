"""Hot counts on each kind of server: gathered, told once, bounded, forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.contract.rooms.warm_up.hot.conftest import MakeHot
from tests.support.links import Link, link_to
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable, ValidationFailed
from yoto.housekeeping.clock import the_clock
from yoto.nodes import node_key
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.warm_up.hot import HotCounts
from yoto.rooms.warm_up.hot import counts as module
from yoto.rooms.warm_up.hot.store import HotStore

ROOM = node_key("channel", 7)
HALL = node_key("server", 9)


def seen(hot: HotCounts, limit: int = 100) -> list[tuple[int, int, int]]:
    """User, place and requests, hottest first; nothing decays within a test by a whole one."""
    return [(pair.user_id, pair.place, round(pair.requests)) for pair in hot.pairs(limit)]


def ask(hot: HotCounts, requests: Mapping[tuple[int, int], int]) -> None:
    for (user_id, place), times in requests.items():
        for _ in range(times):
            hot.note(user_id, place)


@pytest.fixture
def own_settings(own_server: Server) -> RedisSettings:
    return RedisSettings(
        url=own_server.url, socket_timeout=0.5, connect_timeout=0.5, retry_time=0.1
    )


@pytest.fixture
def link(valkey_server: Server) -> Iterator[Link]:
    with link_to(valkey_server.port) as link:
        yield link


def test_the_counts_of_all_processes_add_up_hottest_first(
    make_hot: MakeHot, reach: RedisSettings
) -> None:
    one, other = make_hot(reach), make_hot(reach)
    ask(one, {(1, ROOM): 5, (2, ROOM): 2})
    ask(other, {(2, ROOM): 6, (3, 0): 1})
    assert one.flush() == 2 and other.flush() == 2
    assert seen(one) == seen(other) == [(2, ROOM, 8), (1, ROOM, 5), (3, 0, 1)]
    assert seen(one, 2) == [(2, ROOM, 8), (1, ROOM, 5)]
    assert one.flush() == 0


def test_roles_are_counted_by_the_requests_that_they_had_a_part_in(
    make_hot: MakeHot, reach: RedisSettings
) -> None:
    hot = make_hot(reach)
    hot.know_roles(lambda user_id, place: {10, user_id})
    ask(hot, {(1, ROOM): 3, (2, ROOM): 2})
    hot.flush()
    assert [(role.role_id, round(role.requests)) for role in hot.roles(10)] == [
        (10, 5),
        (1, 3),
        (2, 2),
    ]


def test_listeners_hear_what_was_gathered(make_hot: MakeHot, on_valkey: RedisSettings) -> None:
    hot = make_hot(on_valkey)
    heard: list[Mapping[tuple[int, int], int]] = []
    hot.listen(heard.append)
    ask(hot, {(1, ROOM): 3})
    hot.flush()
    hot.flush()
    assert heard == [{(1, ROOM): 3}]


def test_what_still_waits_elsewhere_is_counted_with_each_flush_and_at_the_end(
    make_hot: MakeHot, on_valkey: RedisSettings
) -> None:
    hot = make_hot(on_valkey)
    waiting = [(1, ROOM), (2, ROOM)]

    def read() -> None:
        while waiting:
            hot.note(*waiting.pop())

    hot.read_first(read)
    assert hot.flush() == 2
    waiting += [(1, ROOM), (1, ROOM)]
    assert hot.stats().gathered == 1
    waiting.append((3, 0))
    hot.close()
    assert sorted(seen(hot)) == [(1, ROOM, 3), (2, ROOM, 1), (3, 0, 1)]


def test_no_more_members_are_kept_than_there_is_room_for(
    make_hot: MakeHot, on_valkey: RedisSettings
) -> None:
    hot = make_hot(on_valkey, members=100)
    for number in range(30):
        ask(hot, {(1, ROOM): 20, (2, HALL): 10})
        ask(hot, {(1_000 + number * 50 + user_id, ROOM): 1 for user_id in range(50)})
        hot.flush()
    found = seen(hot)
    assert len(found) == 100
    assert [(user_id, place) for user_id, place, _ in found[:2]] == [(1, ROOM), (2, HALL)]
    # The total is 2,400: nobody's count is too high by more than a hundredth of that.
    assert 600 <= found[0][2] <= 624 and 300 <= found[1][2] <= 324


def test_a_lower_limit_takes_effect(make_hot: MakeHot, on_valkey: RedisSettings) -> None:
    wide, narrow = make_hot(on_valkey, members=200), make_hot(on_valkey, members=100)
    ask(wide, {(user_id, ROOM): user_id for user_id in range(1, 151)})
    wide.flush()
    ask(narrow, {(150, ROOM): 1})
    narrow.flush()
    assert [user_id for user_id, _, _ in seen(wide, 200)] == list(range(150, 50, -1))


def test_every_key_has_an_end(
    make_hot: MakeHot, reach: RedisSettings, redis: RedisConnection
) -> None:
    hot = make_hot(reach, hours=2.0)
    hot.know_roles(lambda user_id, place: {10})
    ask(hot, {(1, ROOM): 1})
    hot.flush()
    keys = list(redis.client.scan_iter(match=f"{reach.key_prefix}*"))
    assert len(keys) == 4
    for key in keys:
        assert 0 < redis.client.pttl(key) <= 20 * 3_600_000, key


def test_scripts_that_the_server_forgot_are_loaded_again(
    make_hot: MakeHot, reach: RedisSettings, redis: RedisConnection
) -> None:
    hot = make_hot(reach)
    redis.client.script_flush()
    ask(hot, {(1, ROOM): 1})
    hot.flush()
    redis.client.script_flush()
    assert seen(hot) == [(1, ROOM, 1)]


def test_a_lost_reply_counts_nothing_twice(
    make_hot: MakeHot, link: Link, on_valkey: RedisSettings
) -> None:
    hot = make_hot(RedisSettings(url=f"redis://{link.address}", key_prefix=on_valkey.key_prefix))
    ask(hot, {(1, ROOM): 1})
    hot.flush()
    ask(hot, {(1, ROOM): 4})
    link.lose_reply()
    hot.flush()
    assert link.fault is None
    assert seen(hot) == [(1, ROOM, 5)]


def test_a_batch_whose_reply_never_came_counts_once_when_it_is_sent_again(
    make_hot: MakeHot, on_valkey: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = make_hot(on_valkey)
    add = HotStore.add

    def add_unheard(*arguments: object) -> None:
        add(*arguments)  # type: ignore[arg-type]
        raise StoreUnavailable("redis")

    ask(hot, {(1, ROOM): 4})
    monkeypatch.setattr(HotStore, "add", add_unheard)
    with pytest.raises(StoreUnavailable):
        hot.flush()
    ask(hot, {(1, ROOM): 2})
    monkeypatch.undo()
    assert hot.flush() == 1
    assert seen(hot) == [(1, ROOM, 4)]
    hot.flush()
    assert seen(hot) == [(1, ROOM, 6)]


def test_while_redis_is_away_counts_wait_within_a_bound_and_go_there_when_it_is_back(
    make_hot: MakeHot,
    own_settings: RedisSettings,
    own_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_GATHERED", 10)
    hot = make_hot(own_settings)
    ask(hot, {(1, ROOM): 3})
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        hot.flush()
    ask(hot, {(user_id, ROOM): 1 for user_id in range(1, 31)})
    with pytest.raises(StoreUnavailable):
        hot.flush()
    stats = hot.stats()
    assert (stats.waiting, stats.gathered, stats.dropped) == (1, 10, 20)
    own_server.start()
    wait_until(lambda: _flushed(hot))
    hot.flush()
    assert seen(hot)[0] == (1, ROOM, 4) and len(seen(hot)) == 10


def _flushed(hot: HotCounts) -> bool:
    try:
        return hot.flush() >= 0
    except StoreUnavailable:
        return False


def test_the_thread_flushes_at_intervals_and_the_last_counts_at_the_end(
    make_hot: MakeHot, on_valkey: RedisSettings
) -> None:
    hot, other = make_hot(on_valkey, flush_seconds=0.1), make_hot(on_valkey)
    hot.start()
    ask(hot, {(1, ROOM): 1})
    wait_until(lambda: seen(other))
    hot.close()
    ask(hot, {(2, ROOM): 5})
    hot.close()
    assert seen(other) == [(2, ROOM, 5), (1, ROOM, 1)]


def test_a_thread_that_fails_goes_on_and_counts_its_failures(
    make_hot: MakeHot, own_settings: RedisSettings, own_server: Server
) -> None:
    hot = make_hot(own_settings, flush_seconds=0.1)
    own_server.kill()
    ask(hot, {(1, ROOM): 1})
    hot.start()
    wait_until(lambda: hot.stats().failures)
    own_server.start()
    wait_until(lambda: hot.stats().batches)


def test_somebody_who_is_forgotten_is_gone_from_memory_and_from_redis(
    make_hot: MakeHot, reach: RedisSettings
) -> None:
    hot = make_hot(reach)
    ask(hot, {(1, ROOM): 3, (1, HALL): 2, (11, ROOM): 1})
    hot.flush()
    ask(hot, {(1, ROOM): 5})
    assert hot.forget(1) == 2
    hot.flush()
    assert seen(hot) == [(11, ROOM, 1)]
    assert hot.forget(1) == 0


def test_what_waits_for_redis_is_forgotten_too(
    make_hot: MakeHot, on_valkey: RedisSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = make_hot(on_valkey)

    def away(*arguments: object) -> None:
        raise StoreUnavailable("redis")

    ask(hot, {(1, ROOM): 3, (2, ROOM): 1})
    monkeypatch.setattr(HotStore, "add", away)
    with pytest.raises(StoreUnavailable):
        hot.flush()
    monkeypatch.undo()
    hot.forget(1)
    hot.flush()
    assert seen(hot) == [(2, ROOM, 1)]


def test_pairs_of_what_is_no_more_can_be_taken_out(
    make_hot: MakeHot, on_valkey: RedisSettings
) -> None:
    hot = make_hot(on_valkey)
    ask(hot, {(1, ROOM): 3, (2, ROOM): 1})
    hot.flush()
    assert hot.discard([(1, ROOM), (5, HALL)]) == 1
    assert seen(hot) == [(2, ROOM, 1)]


def test_switched_off_nothing_is_counted_and_nothing_runs(
    make_hot: MakeHot, on_valkey: RedisSettings
) -> None:
    hot, before = make_hot(on_valkey, enabled=False), the_clock().parts
    hot.start()
    ask(hot, {(1, ROOM): 3})
    assert hot.flush() == 0 and seen(hot) == []
    assert the_clock().parts == before


@pytest.mark.parametrize("limit", [0, -1, 101, True, "5", 2.0])
def test_a_limit_that_is_none_is_refused(
    make_hot: MakeHot, on_valkey: RedisSettings, limit: object
) -> None:
    hot = make_hot(on_valkey, members=100)
    for call in (hot.pairs, hot.roles):
        with pytest.raises(ValidationFailed) as refused:
            call(limit)  # type: ignore[operator]
        assert "1 to 100" in str(refused.value)
