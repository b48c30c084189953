"""Acts of operators on alerts, silences and rules: recorded, audited, told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.integration.yoto.rooms.alerts.conftest import Platform
from tests.support.redis_servers import Server
from tests.support.together import together
from tests.unit.yoto.rooms.alerts.making import rule
from yoto.errors import UnknownResource, ValidationFailed, VersionConflict
from yoto.monitor.alert_rules import Level
from yoto.persistence import SqlJournal
from yoto.resilience import Action, Change, Kind, Origin
from yoto.rooms.alerts.facts import AlertAcknowledged, AlertSilenced, AlertUnsilenced
from yoto.rooms.alerts.records import AlertFilter
from yoto.rooms.alerts.tables import AlertStore
from yoto.store.models import AuditRecord

Make = Callable[..., Platform]


def acts(store: AlertStore) -> list[tuple[str, str]]:
    """The audit records of alerts, oldest first: act and subject."""
    with store.reading() as rows:
        statement = (
            select(AuditRecord.action, AuditRecord.subject)
            .where(AuditRecord.action.startswith("alert."))
            .order_by(AuditRecord.id)
        )
        return [tuple(row) for row in rows.session.execute(statement)]  # type: ignore


def test_alerts_are_listed_in_slices_newest_first(another: Make) -> None:
    platform = another(*(rule(name=f"r{n}", metric="load") for n in range(5)))
    platform.see(15)
    ids = [alert.id for alert in platform.state.service.list().items]
    assert ids == sorted(ids, reverse=True) and len(ids) == 5
    first = platform.state.service.list(limit=2)
    second = platform.state.service.list(limit=2, after=first.next)
    third = platform.state.service.list(limit=2, after=second.next)
    assert [a.id for page in (first, second, third) for a in page.items] == ids
    assert third.next is None
    with pytest.raises(ValidationFailed, match="limit"):
        platform.state.service.list(limit=0)


def test_alerts_are_filtered(another: Make) -> None:
    platform = another(rule(name="a"), rule(name="b", warning=14.0), rule(name="c", error=14.0))
    platform.see(15)
    first = platform.state.service.list().items[-1]
    platform.state.service.acknowledge(first.id, by="ada")
    platform.state.rules.set("b", {"enabled": False}, by="ada")
    platform.see(15)

    def listed(**which: Any) -> set[str]:
        return {one.rule for one in platform.state.service.list(AlertFilter(**which)).items}

    assert listed() == {"a", "b", "c"}
    assert listed(open=True) == {"a", "c"} and listed(open=False) == {"b"}
    assert listed(rule="b") == {"b"}
    assert listed(level=Level.ERROR) == {"c"}
    assert listed(acknowledged=True) == {first.rule}
    assert listed(open=True, acknowledged=False) == {"a", "c"} - {first.rule}


def test_an_alert_is_acknowledged_by_somebody(platform: Platform) -> None:
    platform.see(15)
    (alert,) = platform.state.service.list().items
    taken = platform.state.service.acknowledge(alert.id, by="ada", note="on it")
    assert (taken.acknowledged_by, taken.note) == ("ada", "on it")
    assert taken.acknowledged_at == platform.clock.now
    assert platform.events()[-1] == AlertAcknowledged(
        alert_id=alert.id, rule="load", level="warning", by="ada", note="on it"
    )
    assert acts(platform.store) == [("alert.acknowledge", f"alert:{alert.id}")]
    # It holds on while the alert gets worse.
    platform.see(25)
    assert platform.state.service.get(alert.id).acknowledged_by == "ada"


def test_what_is_over_or_not_there_cannot_be_acknowledged(platform: Platform) -> None:
    for load in (15, 5, 5):
        platform.see(load)
    (alert,) = platform.state.service.list().items
    with pytest.raises(ValidationFailed, match="is over"):
        platform.state.service.acknowledge(alert.id, by="ada")
    for act in (platform.state.service.get, platform.state.service.history):
        with pytest.raises(UnknownResource):
            act(alert.id + 1_000)
    with pytest.raises(UnknownResource):
        platform.state.service.acknowledge(alert.id + 1_000, by="ada")
    with pytest.raises(ValidationFailed, match="by"):
        platform.state.service.acknowledge(alert.id, by="")
    assert acts(platform.store) == []
    assert "alert.acknowledged" not in platform.published()


def test_a_silence_is_made_told_and_ended(platform: Platform) -> None:
    desk = platform.state.service
    made = desk.silence("load", {"instance": "a"}, seconds=60, by="ada", reason="deploy")
    assert made.until == pytest.approx(platform.clock.now + 60)
    assert [one.id for one in desk.silences()] == [made.id]
    until_ms = round(made.until * 1000)
    about = {"silence_id": made.id, "by": "ada"}
    assert platform.events() == [
        AlertSilenced(
            **about, rule="load", labels={"instance": "a"}, until_ms=until_ms, reason="deploy"
        )
    ]
    ended = desk.unsilence(made.id, by="ada", reason="done")
    assert (ended.ended_by, ended.ended_at) == ("ada", platform.clock.now)
    assert platform.events()[-1] == AlertUnsilenced(**about, reason="done")
    assert list(desk.silences()) == [] and len(desk.silences(only_active=False)) == 1
    with pytest.raises(UnknownResource):
        desk.unsilence(made.id, by="ada")
    subject = f"alert_silence:{made.id}"
    assert acts(platform.store) == [("alert.silence", subject), ("alert.unsilence", subject)]


def test_a_silence_ends_by_itself_and_shows_while_it_holds(platform: Platform) -> None:
    desk = platform.state.service
    platform.see(15)
    desk.silence("*", seconds=60, by="ada")
    (alert,) = desk.list().items
    assert desk.list().silenced == {alert.id}
    platform.clock.now += 60
    assert desk.list().silenced == frozenset()
    assert list(desk.silences()) == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rule": "lode"}, "rule"),
        ({"seconds": 1}, "seconds"),
        ({"seconds": 1e9}, "seconds"),
        ({"labels": {"a b": "c"}}, "labels"),
        ({"by": ""}, "by"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_a_bad_silence_is_refused_and_changes_nothing(
    platform: Platform, fields: dict[str, Any], named: str
) -> None:
    given = {"rule": "load", "seconds": 60, "by": "ada", **fields}
    with pytest.raises(ValidationFailed) as refused:
        platform.state.service.silence(**given)
    assert set(refused.value.errors) == {named}
    assert list(platform.state.service.silences(only_active=False)) == []
    assert acts(platform.store) == [] and platform.events() == []


def test_rules_are_set_with_versions_and_reset(platform: Platform) -> None:
    rules = platform.state.rules
    (before,) = rules.list()
    assert (before.version, dict(before.values), before.rule.warning) == (0, {}, 10)
    assert rules.set("load", {"warning": 5}, by="ada", reason="why").version == 1
    changed = rules.set("load", {"hold": 9}, by="ben", version=1)
    assert (changed.version, dict(changed.values)) == (2, {"warning": 5, "hold": 9})
    (now,) = rules.list()
    assert (now.rule.warning, now.rule.hold, now.rule.error) == (5, 9, 20)
    reset = rules.reset("load", by="ada")
    assert (reset.version, dict(reset.values), reset.rule) == (3, {}, before.rule)
    assert [(one.version, one.author) for one in rules.history("load")] == [
        (3, "ada"),
        (2, "ben"),
        (1, "ada"),
    ]
    assert acts(platform.store) == [
        ("alert.rule.set", "alert_rule:load"),
        ("alert.rule.set", "alert_rule:load"),
        ("alert.rule.reset", "alert_rule:load"),
    ]


@pytest.mark.parametrize(
    ("name", "values", "error"),
    [
        ("load", {"warning": "much"}, ValidationFailed),
        ("load", {"warning": 25}, ValidationFailed),
        ("load", {"metric": "other"}, ValidationFailed),
        ("load", {}, ValidationFailed),
        ("lode", {"warning": 5}, UnknownResource),
    ],
)
def test_a_bad_rule_is_refused_and_changes_nothing(
    platform: Platform, name: str, values: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        platform.state.rules.set(name, values, by="ada")
    (rule_now,) = platform.state.rules.list()
    assert rule_now.version == 0
    assert acts(platform.store) == []


def test_of_two_who_edit_a_version_one_wins(platform: Platform) -> None:
    rules = platform.state.rules
    rules.set("load", {"warning": 5}, by="ada")
    with pytest.raises(VersionConflict) as late:
        rules.set("load", {"warning": 6}, by="ben", version=0)
    assert late.value.current_version == 1 and late.value.current == {"warning": 5}

    def edit(number: int) -> int:
        try:
            rules.set("load", {"warning": number}, by="x", version=1)
        except VersionConflict as conflict:
            assert conflict.current_version == 2
            return 0
        return number

    won = [n for n in together([lambda n=n: edit(n) for n in (2, 3, 4)]) if n]
    assert len(won) == 1
    assert rules.list()[0].rule.warning == won[0]


def test_what_another_version_of_the_code_set_is_left_out(
    platform: Platform, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    change = Change(
        kind=Kind.ALERT_RULE,
        name="load",
        version=1,
        origin=Origin.OPERATOR,
        action=Action.SET,
        values={"colour": "red"},
        author="ada",
        at=1,
    )
    SqlJournal(app).append(change, {})
    # The other workers do so every ten seconds.
    platform.config.sync.reconcile()
    assert platform.see(15) == ["raised warning"]
    platform.config.sync.reconcile()
    platform.see(15)
    assert len([one for one in caplog.records if "is refused" in one.message]) == 1


@pytest.mark.parametrize(
    "values",
    [
        # A rule of operators with a field of a later version; an override of a rule that is gone.
        {"metric": "x", "direction": "low", "error": 1, "colour": "red"},
        {"warning": 5},
    ],
)
def test_what_is_no_rule_in_this_version_can_be_removed_and_replaced(
    platform: Platform, app: Flask, values: dict[str, Any]
) -> None:
    rules, own = platform.state.rules, {"metric": "x", "direction": "low", "error": 2}

    def stored(version: int) -> None:
        SqlJournal(app).append(
            Change(
                kind=Kind.ALERT_RULE,
                name="other",
                version=version,
                origin=Origin.OPERATOR,
                action=Action.SET,
                values=values,
                author="ada",
                at=1,
            ),
            {},
        )

    stored(1)
    with pytest.raises(UnknownResource):
        rules.set("other", {"error": 2}, by="ada")
    rules.remove("other", by="ada")
    for name in ("other", "none", "1bad"):
        with pytest.raises(UnknownResource):
            rules.remove(name, by="ada")
    stored(3)
    made = rules.add("other", own, by="ada")
    assert (made.version, made.own, dict(made.values)) == (4, True, own)


def test_a_rule_of_one_worker_holds_in_the_next(another: Make) -> None:
    first, second = another(), another()
    first.state.rules.set("load", {"warning": 5}, by="ada")
    first.state.rules.add("own", {"metric": "x", "direction": "low", "error": 1}, by="ada")
    second.config.sync.refresh()
    load, own = second.state.rules.list()
    assert (load.rule.warning, load.version, own.rule.name, own.own) == (5, 1, "own", True)
    # It sees the end of a rule before it makes one of the same name.
    first.state.rules.remove("own", by="ada")
    again = second.state.rules.add("own", {"metric": "x", "direction": "low", "error": 2}, by="x")
    assert again.version == 3


def test_what_is_set_on_a_rule_outlives_a_redis_that_loses_it(
    another: Make, valkey_server: Server
) -> None:
    another().state.rules.set("load", {"warning": 5}, by="ada")
    valkey_server.client().flushall()
    later = another()
    later.config.sync.refresh()
    later.config.sync.reconcile()
    assert later.state.rules.list()[0].rule.warning == 5
