"""Evaluations: what they keep, what they tell, and that of many workers one makes each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from sqlalchemy import text

from tests.integration.yoto.rooms.alerts.conftest import INTERVAL, Clock, Platform
from tests.support.redis_servers import start_valkey
from tests.support.together import together
from tests.support.waiting import wait_until
from tests.unit.yoto.rooms.alerts.making import rule
from yoto.errors import StoreUnavailable
from yoto.events import EventStream
from yoto.housekeeping.housekeeper import EARLY
from yoto.monitor.alert_rules import Level
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.alerts.facts import AlertChanged, AlertRaised, AlertResolved
from yoto.rooms.alerts.machine import Cause
from yoto.rooms.alerts.tables import AlertStore

Make = Callable[..., Platform]


def test_an_alert_is_kept_from_its_raising_to_its_end(platform: Platform) -> None:
    assert platform.see(15) == ["raised warning"]
    (alert,) = platform.state.service.list().items
    assert (alert.rule, alert.level, alert.value, alert.limit) == ("load", "warning", 15.0, 10.0)
    assert (alert.open, alert.cause, alert.raised_at) == (True, Cause.VALUE, platform.clock.now)
    assert platform.see(25) == ["changed error"]
    changed_at = platform.clock.now
    assert platform.see(29) == []
    assert platform.see(21) == []
    (alert,) = platform.state.service.list().items
    # No step, and yet what it is now, and what it was at worst.
    assert (alert.value, alert.peak_value, alert.changed_at) == (21, 29, changed_at)
    assert alert.text == "load beyond 20: 29 at worst"
    assert platform.see(5) == []
    assert platform.see(5) == ["resolved"]
    (over,) = platform.state.service.list().items
    assert (over.id, over.level, over.resolved_at) == (alert.id, Level.ERROR, platform.clock.now)
    assert (over.value, over.peak_level, over.peak_value) == (5, Level.ERROR, 29)
    assert platform.open_rules() == []


def test_each_transition_is_one_event(platform: Platform) -> None:
    for load in (15, 15, 25, 25, 5, 5, 5):
        platform.see(load)
    (alert,) = platform.state.service.list().items
    about = {"alert_id": alert.id, "rule": "load"}
    worst = {"peak_level": "error", "peak_value": 25.0, "text": "load beyond 20: 25 at worst"}
    assert platform.events() == [
        AlertRaised(
            **about,
            level="warning",
            peak_level="warning",
            peak_value=15,
            value=15,
            limit=10,
            text="load beyond 10: 15 at worst",
        ),
        AlertChanged(
            **about,
            level="error",
            old="warning",
            value=25,
            limit=20,
            **worst,
        ),
        AlertResolved(
            **about,
            level="error",
            value=5,
            limit=20,
            lasted_ms=int(INTERVAL * 5000),
            **worst,
        ),
    ]
    history = platform.state.service.history(alert.id)
    assert [entry.event for entry in reversed(history)] == platform.events()


def test_flapping_input_raises_one_alert(platform: Platform) -> None:
    for load in [15, 9.5] * 30:
        platform.see(load)
    assert platform.published() == ["alert.raised"]
    assert len(platform.state.service.list().items) == 1


def test_an_alert_that_comes_back_after_its_end_is_another(platform: Platform) -> None:
    for load in (15, 5, 5, 15):
        platform.see(load)
    assert [alert.open for alert in platform.state.service.list().items] == [True, False]


def test_unknown_values_neither_raise_nor_resolve(platform: Platform) -> None:
    assert platform.see(None) == []
    assert platform.see(15) == ["raised warning"]
    for _ in range(20):
        assert platform.see(None) == []
    assert platform.open_rules() == ["load"]


def test_values_that_cannot_be_had_are_unknown(
    another: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, float | None]:
        raise OSError("no such sensor")

    platform = another(rule(unknown_after=INTERVAL), read=broken)
    assert platform.see(15) == []
    assert platform.see(15) == ["raised warning"]
    assert platform.see(15) == []
    assert platform.state.evaluator.counts.value_failures == 3
    assert len([one for one in caplog.records if "cannot be had" in one.message]) == 1


def test_within_an_interval_one_worker_evaluates(another: Make) -> None:
    first, second = another(), another()
    first.values["load"] = second.values["load"] = 15
    first.clock.now += INTERVAL
    assert len(first.state.evaluator.turn()) == 1
    assert second.state.evaluator.turn() == []
    assert second.state.evaluator.counts.left == 1
    # The next interval is the other one's, which goes on with what the first saw pending.
    assert second.see(25) == ["changed error"]


def test_who_evaluated_last_may_be_early_by_as_much_as_tasks_are(another: Make) -> None:
    first, second = another(), another()
    assert first.see(5) == []
    # Tasks fall due early by a part of their pause; an interval of 1.5 s becomes one of 1 s.
    early = INTERVAL * (1 - EARLY)
    assert first.see(5, early) == first.see(5, early) == []
    assert first.state.evaluator.counts.evaluations == 3
    # Another worker leaves it at that, and is the one that may be early once it has evaluated.
    assert second.see(5, early) == []
    assert second.state.evaluator.counts.evaluations == 0
    second.see(5, INTERVAL)
    first.see(5, early)
    assert (second.state.evaluator.counts.evaluations, first.state.evaluator.counts.left) == (1, 1)


def test_who_evaluated_last_looks_once_and_reads_alerts_where_there_are_any(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.see(5)
    asked: list[str] = []
    with platform.store.reading() as rows:
        kind = type(rows)
    for name in ("board", "open_alerts"):
        monkeypatch.setattr(kind, name, noted(asked, name, getattr(kind, name)))
    platform.see(5)
    assert asked == ["board"]
    assert platform.see(15) == ["raised warning"]
    asked.clear()
    platform.see(16)
    # An alert that holds is seen at the next evaluation.
    assert set(asked) == {"board", "open_alerts"}


def noted(asked: list[str], name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        asked.append(name)
        return method(*arguments)

    return call


def test_what_one_worker_saw_pending_another_raises(another: Make) -> None:
    slow = rule(hold=INTERVAL * 2)
    first, second, third = another(slow), another(slow), another(slow)
    assert first.see(15) == second.see(15) == []
    assert third.see(15) == ["raised warning"]


def test_a_clock_that_is_set_back_stops_no_alert(another: Make) -> None:
    platform = another(rule(hold=INTERVAL, recover=INTERVAL))
    assert platform.see(15) == []
    assert platform.see(15, after=-3600) == []
    assert platform.state.evaluator.counts.left == 0
    # The time that the clock told before is over; a value that holds from now on counts.
    assert platform.see(15) == ["raised warning"]
    assert platform.see(5, after=-3600) == []
    assert platform.see(5) == ["resolved"]


def test_how_long_nobody_evaluated_is_known_to_those_who_look(
    another: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("yoto.rooms.alerts.evaluator.monotonic", lambda: now)
    first, second = another(), another()
    now = 70.0
    assert first.state.evaluator.silent_for == 70
    first.see(15)
    assert (first.state.evaluator.silent_for, second.state.evaluator.silent_for) == (0, 70)
    assert second.state.evaluator.turn() == []
    assert second.state.evaluator.silent_for == 0
    now = 90.0
    # That it is too soon is no evaluation.
    assert second.state.evaluator.turn() == []
    assert second.state.evaluator.silent_for == 20


def test_workers_that_evaluate_at_once_raise_one_alert(another: Make) -> None:
    workers = [another() for _ in range(4)]
    for worker in workers:
        worker.values["load"] = 15
    workers[0].clock.now += INTERVAL
    found = together([worker.state.evaluator.turn for worker in workers])
    assert [len(one) for one in found if one] == [1]
    assert workers[0].published() == ["alert.raised"]
    assert len(workers[0].state.service.list().items) == 1


def test_who_is_not_elected_evaluates_nothing(another: Make) -> None:
    platform = another(elected=lambda: nullcontext(False))
    assert platform.see(99) == []
    assert platform.state.evaluator.counts.left == 1


def test_without_an_election_the_board_still_lets_one_win(another: Make) -> None:
    @contextmanager
    def away() -> Iterator[bool]:
        raise StoreUnavailable("redis")
        yield True

    workers = [another(elected=away) for _ in range(3)]
    for worker in workers:
        worker.values["load"] = 15
    workers[0].clock.now += INTERVAL
    assert sorted(len(w.state.evaluator.turn()) for w in workers) == [0, 0, 1]
    assert sum(w.state.evaluator.counts.unelected for w in workers) == 3


def test_a_worker_that_was_paused_changes_nothing(
    another: Make, store: AlertStore, clock: Clock
) -> None:
    ready, slow = another(), another()
    clock.now += INTERVAL
    ready.values["load"] = 5

    def read() -> dict[str, float | None]:
        # Meanwhile the other one evaluates.
        ready.state.evaluator.turn()
        return {"load": 99}

    slow.state.evaluator.values = read
    assert slow.state.evaluator.turn() == []
    assert slow.open_rules() == []
    with store.reading() as rows:
        assert not rows.board().tracks


def test_a_store_that_is_away_is_said(another: Make) -> None:
    platform = another()

    @contextmanager
    def away() -> Iterator[Any]:
        raise StoreUnavailable("database")
        yield None

    platform.store.reading = away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        platform.see(15)


OWN = {"metric": "load", "direction": "high", "warning": 10, "hold": 0}


def test_no_alert_ends_because_redis_knows_no_rule_of_operators_yet(
    another: Make, settings_redis: RedisConnection
) -> None:
    first = another()
    first.state.rules.add("own", OWN, by="ada")
    assert first.see(15) == ["raised warning"] * 2
    # As after an upgrade that moved the rules into the record: Redis has entries, and none of them.
    later = another()
    key = settings_redis.keys.event_stream("config")
    assert settings_redis.client.hdel(key, "alert_rule:own") == 1
    later.config.sync.refresh()
    assert later.config.sync.revision and "own" not in later.state.rules.all_names()
    assert later.see(15) == []
    assert sorted(later.open_rules()) == ["load", "own"]


def test_nothing_is_evaluated_before_the_record_was_read(another: Make) -> None:
    first = another()
    first.state.rules.add("own", OWN, by="ada")
    assert first.see(15) == ["raised warning"] * 2
    later = another()
    journal = later.config.sync._record
    fingerprint = journal.fingerprint

    def away() -> str:
        raise StoreUnavailable("database")

    journal.fingerprint = away  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        later.see(15)
    journal.fingerprint = fingerprint  # type: ignore[method-assign]
    assert later.see(15) == []
    assert sorted(later.open_rules()) == ["load", "own"]


def test_a_board_that_cannot_be_read_loses_no_alert(
    platform: Platform, request: pytest.FixtureRequest
) -> None:
    platform.see(15)
    with platform.store.writing() as rows:
        rows.session.execute(text("UPDATE yoto_alert_board SET tracks = '[1]'"))
    assert platform.see(15) == []
    assert platform.see(25) == ["changed error"]
    assert platform.see(5) == []
    assert platform.see(5) == ["resolved"]
    assert platform.published() == ["alert.raised", "alert.changed", "alert.resolved"]


def test_a_rule_that_is_set_holds_at_the_next_evaluation(platform: Platform) -> None:
    assert platform.see(15) == ["raised warning"]
    platform.state.rules.set("load", {"error": 12}, by="ada")
    assert platform.see(15) == ["changed error"]
    platform.state.rules.set("load", {"enabled": False}, by="ada")
    assert platform.see(15) == ["resolved"]
    assert platform.see(99) == []


def test_an_alert_degrades_while_it_holds(another: Make) -> None:
    platform = another(rule(degrade="light", degrade_from=Level.ERROR, recover=INTERVAL))
    assert platform.see(15) == ["raised warning"]
    assert platform.degraded == []
    platform.see(25)
    platform.see(25)
    assert platform.degraded == [("alert:load", "light", True)] * 2
    platform.see(5)
    assert platform.see(5) == ["resolved"]
    assert platform.degraded[-1] == ("alert:load", "none", False)
    before = len(platform.degraded)
    platform.see(5)
    assert len(platform.degraded) == before


def test_what_one_worker_degraded_another_takes_back(another: Make) -> None:
    made = rule(degrade="light", recover=INTERVAL)
    first, second = another(made), another(made)
    first.see(25)
    assert first.degraded == [("alert:load", "light", True)]
    second.see(5)
    assert second.see(5) == ["resolved"]
    assert second.degraded[-1] == ("alert:load", "none", False)


def test_degradation_that_fails_is_counted_and_stops_no_alert(another: Make) -> None:
    def broken(*_: Any) -> None:
        raise OSError("no board")

    platform = another(rule(), degrade=broken)
    assert platform.see(99) == ["raised critical"]
    assert platform.state.evaluator.counts.degrade_failures == 1


def test_without_redis_alerts_go_on_and_are_told_once_when_it_is_back(another: Make) -> None:
    with start_valkey() as server:
        redis = RedisConnection(RedisSettings(url=server.url))
        platform = another(stream=EventStream(redis, "instance-1"))
        assert platform.see(15) == ["raised warning"]
        server.kill()
        assert platform.see(25) == ["changed error"]
        assert platform.see(5) == []
        server.start()
        publisher = platform.state.evaluator._publisher
        wait_until(lambda: publisher.publish() == 1, 30)
        # The server lost what it had, and with it the first event; no other comes twice.
        assert platform.published() == ["alert.changed"]
        redis.close()


def test_what_was_told_and_not_noted_down_is_no_second_event(
    platform: Platform, redis: RedisConnection
) -> None:
    platform.see(15)
    with platform.store.reading() as rows:
        (alert,) = rows.open_alerts()
        (entry,) = rows.history(alert.id, 9)
    # As after a worker died between telling and noting: another tells it again.
    again = platform.stream.publish_once(entry.event, f"alert:{entry.id}")
    assert again == platform.stream.last_id()
    assert platform.published() == ["alert.raised"]
    assert 0 < redis.client.pttl(redis.keys.event_stream("told", f"alert:{entry.id}"))
