"""Decaying counters, on a real server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.redis_servers import Server
from yoto.errors import StoreUnavailable
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.policies.behaviour.counters import BehaviourCounters, CountedAction, behaviour_of

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
