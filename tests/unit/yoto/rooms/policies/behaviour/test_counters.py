"""Decaying counters, on a real server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.redis_servers import Server
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.policies.behaviour.counters import (
    Behaviour,
    BehaviourCounters,
    CountedAction,
    behaviour_of,
    risk_of,
)

counts = st.floats(0, 1e6)
behaviours = st.builds(
    Behaviour,
    failed_sign_ins=counts,
    denials=counts,
    acts=counts,
    hours=st.dictionaries(st.integers(0, 23), counts, max_size=24),
    hour=st.integers(0, 23),
)
ages = st.floats(0, 10_000)


@given(behaviours, ages)
def test_it_is_the_sum_of_its_parts_and_at_most_100(behaviour: Behaviour, age: float) -> None:
    risk = risk_of(behaviour, age)
    assert 0 <= risk.score <= 100
    assert abs(risk.score - min(100.0, sum(risk.parts.values()))) < 0.02


@given(behaviours, ages, st.sampled_from(["failed_sign_ins", "denials", "acts"]), counts)
def test_more_of_the_same_never_lowers_it(
    behaviour: Behaviour, age: float, what: str, more: float
) -> None:
    worse = replace(behaviour, **{what: getattr(behaviour, what) + more})
    assert risk_of(worse, age).score >= risk_of(behaviour, age).score


def test_somebody_of_whom_nothing_is_known_is_no_risk() -> None:
    assert risk_of(Behaviour(), account_age_days=100).score == 0


def test_a_new_account_is_a_small_one() -> None:
    assert risk_of(Behaviour(), account_age_days=0.5).parts["new_account"] == 10


def test_an_hour_is_unusual_only_for_somebody_who_is_known() -> None:
    by_day = {hour: 10.0 for hour in range(8, 18)}
    night = Behaviour(hours=by_day, hour=3)
    assert risk_of(night, 100).parts["unusual_hour"] == 20
    assert risk_of(replace(night, hour=12), 100).parts["unusual_hour"] == 0
    assert risk_of(replace(night, hours={12: 5.0}), 100).parts["unusual_hour"] == 0


def test_midnight_lies_beside_the_hours_before_and_after() -> None:
    late = Behaviour(hours={23: 40.0}, hour=0)
    assert risk_of(late, 100).parts["unusual_hour"] == 0


@given(behaviours, ages, st.floats(0, 1), st.floats(0, 1))
def test_unusual_behaviour_only_ever_raises_it(
    behaviour: Behaviour, age: float, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    plain = risk_of(behaviour, age)
    assert plain.score <= risk_of(behaviour, age, less).score
    assert risk_of(behaviour, age, less).score <= risk_of(behaviour, age, more).score


def test_what_is_unknown_is_no_part() -> None:
    assert "unusual_behaviour" not in risk_of(Behaviour(), 100).parts
    assert risk_of(Behaviour(), 100, 0.0).parts["unusual_behaviour"] == 0
    assert risk_of(Behaviour(), 100, 1.0).parts["unusual_behaviour"] == 20


HOUR = 3_600_000
HERE = "192.0.2.1"


def test_what_was_noted_is_found_and_of_one_user_alone(valkey_server: Server) -> None:
    connection = connected(valkey_server)
    counters = BehaviourCounters(connection)
    counters.note_failed_sign_in(7, HERE)
    counters.note_failed_sign_in(7, HERE)
    counters.note([(7, CountedAction.DENIAL)])
    found = counters.look(7, HERE)
    assert found.failed_sign_ins == pytest.approx(2, rel=0.2)
    assert found.denials == pytest.approx(1, rel=0.2)
    assert found.acts == counters.look(8, HERE).failed_sign_ins == 0
    elsewhere = counters.look(7, "2001:db8::")
    assert (elsewhere.failed_sign_ins, counters.look(7, None).failed_sign_ins) == (0, 0)
    assert elsewhere.denials == pytest.approx(1, rel=0.2)
    connection.close()


def test_many_actions_are_one_round_trip(valkey_server: Server) -> None:
    connection = connected(valkey_server)
    counters = BehaviourCounters(connection)
    asked: list[int] = []
    run_many = connection.scripts.run_many

    def counted(calls: Any, **options: Any) -> Any:
        asked.append(len(calls))
        return run_many(calls, **options)

    connection.scripts.run_many = counted  # type: ignore[method-assign]
    actions = [(20 + number % 2, CountedAction.ACT) for number in range(40)]
    assert counters.note(actions) == [] and asked == [40]
    assert counters.look(20, None).acts == pytest.approx(20, rel=0.2)
    assert counters.look(21, None).acts == pytest.approx(20, rel=0.2)
    connection.close()


def test_an_act_counts_for_its_hour(valkey_server: Server) -> None:
    connection = connected(valkey_server)
    counters = BehaviourCounters(connection)
    counters.note([(9, CountedAction.ACT)])
    found = counters.look(9, None)
    assert found.hours is not None
    assert sum(found.hours.values()) == pytest.approx(1, rel=0.01)
    connection.close()


def test_every_key_has_an_end(valkey_server: Server) -> None:
    connection = connected(valkey_server)
    BehaviourCounters(connection).note([(11, CountedAction.ACT)])
    BehaviourCounters(connection).note_failed_sign_in(11, HERE)
    for parts in ((), (HERE,)):
        key = connection.keys.tagged(("behaviour", 11), *parts)
        assert connection.client.pttl(key) > 0
    connection.close()


def test_without_redis_it_is_said_what_was_not_counted() -> None:
    settings = RedisSettings.from_config({"REDIS_URL": "redis://127.0.0.1:1"}, "/nowhere")
    connection = RedisConnection(settings)
    counters = BehaviourCounters(connection)
    (error,) = counters.note([(1, CountedAction.DENIAL)])
    assert isinstance(error, StoreUnavailable)
    with pytest.raises(StoreUnavailable):
        counters.note_failed_sign_in(1, HERE)
    connection.close()


def test_a_count_halves_in_its_half_life() -> None:
    reply = [3 * HOUR, b"denials", b"8", b"denials:at", str(3 * HOUR - 15 * 60_000).encode()]
    found = behaviour_of(reply)
    assert (found.denials, found.hour) == (4.0, 3)


def test_a_clock_that_went_back_raises_no_count() -> None:
    reply = [HOUR, b"denials", b"8", b"denials:at", str(2 * HOUR).encode()]
    assert behaviour_of(reply).denials == 8.0


def test_nothing_noted_is_nothing() -> None:
    found = behaviour_of([0])
    assert (found.failed_sign_ins, found.denials, found.acts) == (0, 0, 0)


def connected(server: Server) -> RedisConnection:
    config = {"REDIS_URL": server.url, "REDIS_KEY_PREFIX": "test-behaviour:"}
    with server.client() as client:
        for key in client.scan_iter("test-behaviour:*"):
            client.delete(key)
    return RedisConnection(RedisSettings.from_config(config, "/nowhere"))
