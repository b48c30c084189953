"""The list of workers, on every kind of Redis."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial

import pytest

from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.waiting import wait_until
from yoto.errors import UnknownResource
from yoto.fleet import End, Roster, roster
from yoto.redis import RedisConnection

ONE, TWO = "db-1.local-10-aaaa", "web-20-bbbb"


@pytest.fixture(params=SERVERS)
def connection(request: pytest.FixtureRequest) -> Iterator[RedisConnection]:
    server = request.getfixturevalue(request.param)
    made = RedisConnection(settings_of(server, key_prefix=f"fleet-{secrets.token_hex(4)}:"))
    yield made
    made.close()


def test_workers_are_listed_with_what_they_said_and_forgotten_in_the_end(
    connection: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Roster(connection)
    assert found.all() == []
    found.beat(ONE, {"version": "1", "state": None})
    found.beat(TWO, {"state": "draining"})
    by_id = {worker.id: worker for worker in found.all()}
    assert (by_id[ONE].host, by_id[ONE].pid, by_id[ONE].state) == ("db-1.local", 10, "live")
    assert by_id[ONE].facts == {"version": "1"} and by_id[TWO].state == "draining"
    found.beat(TWO, {"state": "ended"})
    assert {worker.id: worker.state for worker in found.all()}[TWO] == "ended"
    monkeypatch.setattr(roster, "GONE_AFTER_MS", 50)
    wait_until(lambda: {worker.id: worker.state for worker in found.all()}[ONE] == "silent")
    brief = Roster(connection, remember_ms=20)
    wait_until(lambda: brief.beat(TWO) and [worker.id for worker in found.all()] == [TWO])


def test_one_that_leaves_is_forgotten_at_once(connection: RedisConnection) -> None:
    found = Roster(connection)
    found.beat(ONE, {"version": "1"})
    assert found.beat(TWO).alive == 2
    found.order(ONE, 60, "ada", "a test")
    found.leave(ONE)
    assert [worker.id for worker in found.all()] == [TWO] and found.beat(TWO).alive == 1
    found.beat(ONE)
    (back,) = [worker for worker in found.all() if worker.id == ONE]
    assert (back.facts, back.drain) == ({}, None)


def test_how_a_worker_ended_is_kept_for_as_long_as_it_is_listed(
    connection: RedisConnection,
) -> None:
    found = Roster(connection)
    found.end(ONE, End(how="exit", code=1))
    assert found.all() == [], "it was never heard"
    found.beat(ONE)
    found.beat(TWO)
    found.end(ONE, End(how="signal", signal="SIGKILL"))
    ends = {worker.id: worker.end for worker in found.all()}
    assert ends == {ONE: End(how="signal", signal="SIGKILL"), TWO: None}
    found.leave(ONE)
    found.beat(ONE)
    assert {worker.end for worker in found.all()} == {None}


def test_lists_of_different_keys_have_different_workers(connection: RedisConnection) -> None:
    fleet = Roster(connection)
    guards = Roster(connection, partial(connection.keys.tagged, "guards"))
    fleet.beat(ONE)
    assert guards.beat(TWO).alive == 1
    assert [worker.id for worker in fleet.all()] == [ONE]
    assert [worker.id for worker in guards.all()] == [TWO]


def test_a_list_that_remembers_briefly_names_nobody_who_is_gone(
    connection: RedisConnection,
) -> None:
    Roster(connection).beat(ONE)
    brief = Roster(connection, remember_ms=20)
    wait_until(lambda: brief.all() == [])
    assert [worker.id for worker in Roster(connection).all()] == [ONE]


def test_an_order_reaches_its_worker_until_it_is_taken_back_or_runs_out(
    connection: RedisConnection,
) -> None:
    found = Roster(connection)
    with pytest.raises(UnknownResource, match=ONE):
        found.order(ONE, 60, "ada", "a test")
    found.beat(ONE, {})
    found.beat(TWO, {})
    until = found.order(ONE, 60, "ada", 'with "quotes" and \\ and \u4e2d\u6587')
    order, now, _ = found.beat(ONE, {})
    assert order is not None and (order.by, order.until_ms) == ("ada", until)
    assert order.reason == 'with "quotes" and \\ and \u4e2d\u6587'
    assert 59_000 < until - now <= 60_000
    assert found.beat(TWO, {}).order is None
    assert {worker.id: worker.drain is not None for worker in found.all()} == {
        ONE: True,
        TWO: False,
    }
    assert found.order(ONE, 0, "ada", "done") == 0
    assert found.beat(ONE, {}).order is None
    found.order(ONE, 0.05, "ada", "a short one")
    wait_until(lambda: found.beat(ONE, {}).order is None)
