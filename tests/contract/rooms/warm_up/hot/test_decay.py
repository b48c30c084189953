"""The maths of the decay, as the scripts do it, against a sum of every single request."""

from __future__ import annotations

import math
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.rooms.warm_up.hot.conftest import MakeHot
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server
from yoto.nodes import node_key
from yoto.redis import RedisConnection, RedisSettings, Script
from yoto.rooms.warm_up.hot import HotCounts
from yoto.rooms.warm_up.hot import store as module
from yoto.rooms.warm_up.hot.store import FAINT, HotBatch, HotStore
from yoto.rooms.warm_up.settings import HotSettings

ROOM = node_key("channel", 7)
HOUR = 3600.0  # s
LIFE = 24 * HOUR
NOW = "return time[1] * 1000 + time[2] / 1000"

# A batch: how old it is in seconds, and how often each of a few users asked.
BATCHES = st.lists(
    st.tuples(
        st.floats(0, 3 * LIFE),
        st.dictionaries(st.integers(1, 6), st.integers(1, 1_000), min_size=1),
    ),
    min_size=1,
    max_size=12,
)


@contextmanager
def store_on(server: Server, **fields: object) -> Iterator[HotStore]:
    prefix = f"test-{secrets.token_hex(6)}:"
    redis = RedisConnection(settings_of(server, key_prefix=prefix))
    yield HotStore(redis, HotSettings(**fields))  # type: ignore[arg-type]
    redis.close()


def add(store: HotStore, number: int, age: float, requests: dict[int, int]) -> None:
    pairs = {(user_id, ROOM): times for user_id, times in requests.items()}
    store.add("test", HotBatch(number, monotonic(), pairs, {}), age)


@settings(max_examples=30)
@given(BATCHES)
def test_a_count_is_the_sum_of_the_weights_of_all_requests(
    valkey_server: Server, batches: list[tuple[float, dict[int, int]]]
) -> None:
    with store_on(valkey_server) as store:
        expected: defaultdict[int, float] = defaultdict(float)
        for number, (age, requests) in enumerate(batches, 1):
            add(store, number, age, requests)
            for user_id, times in requests.items():
                expected[user_id] += times * math.exp(-age / LIFE)
        found = {pair.user_id: pair.requests for pair in store.pairs(100)}
        for user_id, weight in expected.items():
            if weight > 1.01 * FAINT:
                # Less than a second has passed meanwhile.
                assert found[user_id] == pytest.approx(weight, rel=1e-4)
        assert list(found.values()) == sorted(found.values(), reverse=True)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=300), st.integers(3, 10))
def test_who_asks_for_more_than_a_share_is_kept_and_no_count_is_too_high_by_more(
    valkey_server: Server, stream: list[int], members: int
) -> None:
    with store_on(valkey_server, members=members) as store:
        for number, start in enumerate(range(0, len(stream), 5), 1):
            requests: defaultdict[int, int] = defaultdict(int)
            for user_id in stream[start : start + 5]:
                requests[user_id] += 1
            add(store, number, 0.0, requests)
        found = {pair.user_id: pair.requests for pair in store.pairs(100)}
        bound = len(stream) / members
        assert len(found) <= members
        for user_id in set(stream):
            times = stream.count(user_id)
            if times > bound:
                assert user_id in found
            if user_id in found:
                assert times * 0.99 <= found[user_id] <= times + bound + 0.01


def test_who_asked_once_three_lives_ago_is_forgotten(valkey_server: Server) -> None:
    with store_on(valkey_server) as store:
        add(store, 1, 2.9 * LIFE, {1: 1})
        add(store, 2, 3.1 * LIFE, {2: 1})
        assert [pair.user_id for pair in store.pairs(10)] == [1]


SetAhead = Callable[[float], None]


@pytest.fixture
def set_ahead(on_valkey: RedisSettings, monkeypatch: pytest.MonkeyPatch) -> SetAhead:
    """Sets the scripts' clock ahead by so many seconds."""
    clock = f"{on_valkey.key_prefix}{{hot}}:test-clock"
    for name in ("_FLUSH", "_TOP"):
        script: Script = getattr(module, name)
        ahead = f"{NOW} + tonumber(redis.call('GET', '{clock}') or '0')"
        assert NOW in script.source
        shifted = Script(script.name, script.source.replace(NOW, ahead), script.repeatable)
        monkeypatch.setattr(module, name, shifted)
    redis = RedisConnection(on_valkey)

    def set_ahead(seconds: float) -> None:
        redis.client.set(clock, int(seconds * 1000), px=600_000)

    yield set_ahead  # type: ignore[misc]
    redis.close()


def requests_of(hot: HotCounts) -> dict[int, int]:
    return {pair.user_id: round(pair.requests) for pair in hot.pairs(100)}


def ask(hot: HotCounts, user_id: int, times: int) -> None:
    for _ in range(times):
        hot.note(user_id, ROOM)
    hot.flush()


def test_counts_decay_with_the_clock_of_redis(
    make_hot: MakeHot, on_valkey: RedisSettings, set_ahead: SetAhead
) -> None:
    hot = make_hot(on_valkey)
    ask(hot, 1, 100)
    ask(hot, 2, 50)
    set_ahead(LIFE)
    assert requests_of(hot) == {1: round(100 / math.e), 2: round(50 / math.e)}
    ask(hot, 2, 50)
    assert requests_of(hot) == {2: round(50 + 50 / math.e), 1: round(100 / math.e)}


@pytest.mark.parametrize("jump", [2 * HOUR, 365 * 24 * HOUR])
def test_a_clock_that_steps_back_leaves_counts_as_they_were_and_new_ones_compare(
    make_hot: MakeHot, on_valkey: RedisSettings, set_ahead: SetAhead, jump: float
) -> None:
    hot = make_hot(on_valkey)
    set_ahead(jump)
    ask(hot, 1, 100)
    set_ahead(0)
    assert requests_of(hot) == {1: 100}
    ask(hot, 2, 150)
    assert requests_of(hot) == {2: 150, 1: 100}
    ask(hot, 1, 100)
    assert requests_of(hot) == {1: 200, 2: 150}


def test_after_a_year_nothing_of_before_counts_and_nothing_overflows(
    make_hot: MakeHot, on_valkey: RedisSettings, set_ahead: SetAhead
) -> None:
    hot = make_hot(on_valkey)
    ask(hot, 1, 1_000)
    set_ahead(365 * 24 * HOUR)
    ask(hot, 2, 3)
    assert requests_of(hot) == {2: 3}
