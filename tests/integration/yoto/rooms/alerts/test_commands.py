"""``flask alerts``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import monitor
from tests.support.waiting import wait_until
from tests.support.webhook_receiver import Receiver, receiving
from tests.support.world import World
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.records import AlertFilter
from yoto.rooms.alerts.webhooks.signing import sign
from yoto.store.models import AuditRecord

WHY = ("--reason", "because", "--actor", "ada")


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "ALERT_INTERVAL": 0.1, "ALERT_WEBHOOK_ALLOW_INTERNAL": True}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def raised(app: Flask) -> int:
    """The number of an alert that holds."""
    state = alerts.of(app)
    state.rules.set("error_rate", {"hold": 0}, by="ada")
    state.evaluator.values = lambda: {"error_rate": 0.15}
    assert len(state.evaluator.turn()) == 1
    return state.service.list().items[0].id


def run(app: Flask, *arguments: str, fails: bool = False, **options: Any) -> str:
    result = app.test_cli_runner().invoke(args=["alerts", *arguments], **options)
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def audited(world: World) -> list[tuple[Any, ...]]:
    row = AuditRecord
    statement = select(row.action, row.reason).where(row.action.startswith("alert."))
    return world.rows(statement.order_by(row.id))


def test_health_is_shown_with_what_is_behind_it(app: Flask) -> None:
    monitor.of(app).flush()
    lines = {line.split()[0]: line.split()[1:] for line in run(app, "health").splitlines()}
    assert lines["cache"] == ["unknown", "unknown"] and lines["overall"] == ["unknown"]
    assert lines["memory"][0] in ("excellent", "good", "warning", "error")
    assert json.loads(run(app, "health", "--json"))["components"]["errors"]["band"] == "unknown"


def test_alerts_are_listed_shown_and_acknowledged(app: Flask, world: World, raised: int) -> None:
    line = run(app, "list")
    assert f"{raised}  error" in line and "error_rate" in line and "silenced" not in line
    assert json.loads(run(app, "list", "--json"))["items"][0]["level"] == "error"
    assert run(app, "list", "--level", "critical") == "There are no such alerts.\n"
    assert run(app, "ack", str(raised), "--note", "on it", "--actor", "ada") == (
        f"Alert {raised} is acknowledged by ada.\n"
    )
    shown = run(app, "show", str(raised))
    assert "acknowledged by ada" in shown
    assert "alert.raised" in shown and "alert.acknowledged" in shown
    newest, _ = json.loads(run(app, "show", str(raised), "--json"))["history"]
    rest = run(app, "show", str(raised), "--after", str(newest["id"]))
    assert "alert.raised" in rest and "alert.acknowledged" not in rest
    assert ("alert.acknowledge", "on it") in audited(world)
    assert "no alert 999999" in run(app, "ack", "999999", fails=True)


def test_alerts_are_silenced_and_not_any_more(app: Flask, world: World, raised: int) -> None:
    assert run(app, "silences") == "There are no silences.\n"
    made = run(app, "silence", "error_rate", "--for", "2h", *WHY)
    number = made.split()[0]
    assert "error_rate until" in made and made.endswith("by ada: because\n")
    assert run(app, "silences") == made
    assert "silenced" in run(app, "list")
    assert run(app, "unsilence", number, *WHY) == f"Silence {number} is over.\n"
    assert run(app, "list", "--all", "--limit", "1").count("silenced") == 0
    run(app, "silence", "*", "--label", "instance=a", "--for", "1d", *WHY)
    assert [one["labels"] for one in json.loads(run(app, "silences", "--json"))["items"]] == [
        {"instance": "a"}
    ]
    assert "must be * or one of" in run(app, "silence", "lode", "--for", "1h", *WHY, fails=True)
    assert "write NAME=VALUE" in run(
        app, "silence", "*", "--label", "x", "--for", "1h", *WHY, fails=True
    )
    assert ("alert.unsilence", "because") in audited(world)


def test_rules_are_shown_set_and_reset(app: Flask, world: World) -> None:
    assert "0.8 / 0.6 / 0.4 (low is bad) for 30 s; version 0" in run(app, "rules")
    changed = run(app, "set", "hit_rate", "warning=0.7", "enabled=false", *WHY)
    assert "0.7 / 0.6 / 0.4" in changed and ", off; version 1, set: " in changed
    plain = json.loads(run(app, "rules", "--json"))["items"][0]
    assert (plain["set"], plain["version"]) == ({"warning": 0.7, "enabled": False}, 1)
    late = run(app, "set", "hit_rate", "warning=0.75", "--version", "0", *WHY, fails=True)
    assert "at version 1 by now" in late
    assert "error" in run(app, "set", "hit_rate", "error=0.9", *WHY, fails=True)
    assert "version 2" in run(app, "reset", "hit_rate", "--json", *WHY).replace('": ', " ")
    assert audited(world) == [("alert.rule.set", "because"), ("alert.rule.reset", "because")]


def test_an_account_that_is_not_there_sets_nothing(app: Flask, world: World) -> None:
    nobody = ("--reason", "because", "--actor", "user:999")
    assert "no user 999" in run(app, "set", "error_rate", "hold=0", *nobody, fails=True)
    assert audited(world) == []


def test_operators_make_rules_on_any_series_and_end_them(app: Flask, world: World) -> None:
    state, values = alerts.of(app), {'yoto_queue_items{kind="mail"}': 900.0}
    fields = ("warning=100", "error=500", "hold=0", "recover=0")
    made = run(app, "rule-add", "backlog", "yoto_queue_items", "high", *fields, *WHY)
    assert made.startswith("backlog") and "yoto_queue_items: 100 / 500 / - (high is bad)" in made
    state.evaluator.values = lambda: values
    (raised,) = state.evaluator.turn()
    assert raised.key == 'backlog{kind="mail"}'
    assert state.service.list().items[0].level == "error"

    again = run(app, "rule-add", "backlog", "x", "high", "warning=1", *WHY, fails=True)
    assert "there is a rule 'backlog'" in again
    for name, field, says in (
        ("hit_rate", "warning=1", "there is a rule"),
        ("typo", "waring=1", "is unknown; known are metric"),
        ("nothing", "hold=3", "at least one of warning"),
    ):
        assert says in run(app, "rule-add", name, "x", "high", field, *WHY, fails=True)
    assert "version 2" in run(app, "set", "backlog", "error=600", *WHY)
    assert "cannot be set" in run(app, "set", "backlog", "metric=other", *WHY, fails=True)
    assert "remove it" in run(app, "reset", "backlog", *WHY, fails=True)
    shown = {one["name"]: one for one in json.loads(run(app, "rules", "--json"))["items"]}
    assert shown["backlog"]["own"] and shown["backlog"]["error"] == 600
    assert not shown["hit_rate"]["own"]

    late = run(app, "rule-remove", "backlog", "--version", "1", *WHY, fails=True)
    assert "at version 2 by now" in late
    assert "is removed" in run(app, "rule-remove", "backlog", *WHY)
    assert "part of the platform" in run(app, "rule-remove", "hit_rate", *WHY, fails=True)
    for command in (("rule-remove", "backlog"), ("set", "backlog", "error=1")):
        assert "backlog" in run(app, *command, *WHY, fails=True)
    assert "backlog" not in run(app, "rules")
    wait_until(state.evaluator.turn)
    assert state.service.list(AlertFilter(open=True)).items == []
    acts = [act for act, _ in audited(world)]
    assert acts[:3] == ["alert.rule.add", "alert.rule.set", "alert.rule.remove"]
    assert len(alerts.of(app).rules.history("backlog")) == 3
    assert "version 4" in run(app, "rule-add", "backlog", "x", "low", "warning=1", *WHY)


def test_a_webhook_has_two_secrets_until_the_new_one_is_settled(
    app: Flask, world: World, receiver: Receiver
) -> None:
    def secret_in(text: str) -> str:
        found = re.search(r"whsec_[\w+/=]+", text)
        assert found is not None
        return found[0]

    def known_to(*secrets: str) -> list[bool]:
        """By the holder of which secret a message is known for ours."""
        run(app, "webhook-test", number, *WHY)
        message = receiver.received[-1]
        about = message.headers["webhook-id"], int(message.headers["webhook-timestamp"])
        given = message.headers["webhook-signature"].split()
        return [sign(one, *about, message.body) in given for one in secrets]

    added = run(app, "webhook-add", "pager", *WHY, input=f"{receiver.url}\n")
    number, first = added.split("Webhook ")[1].split()[0], secret_in(added)
    second = secret_in(run(app, "webhook-rotate", number, *WHY))
    assert known_to(first, second) == [True, True]
    assert run(app, "webhook-settle", number, *WHY) == f"Webhook {number} has one secret.\n"
    assert known_to(first, second) == [False, True]
    third = secret_in(run(app, "webhook-rotate", number, *WHY))
    fourth = secret_in(run(app, "webhook-rotate", number, *WHY))
    assert known_to(second, third, fourth) == [False, True, True]
    acts = [act for act, _ in audited(world)]
    assert {"alert.webhook.rotate", "alert.webhook.settle"} <= set(acts)
    assert "whsec_" not in str(world.rows(select(AuditRecord.before, AuditRecord.after)))


def test_webhooks_are_added_tried_and_removed(app: Flask, world: World, receiver: Receiver) -> None:
    assert run(app, "webhooks") == "No webhook yet: alerts are shown here only.\n"
    added = run(app, "webhook-add", "pager", "--access-requests", *WHY, input=f"{receiver.url}\n")
    assert "its secret is whsec_" in added and "/hook" not in added
    number = added.split("Webhook ")[1].split()[0]
    shown = run(app, "webhooks")
    assert "pager" in shown and "whsec_" not in shown and "/hook" not in shown
    assert [
        one["access_requests"] for one in json.loads(run(app, "webhooks", "--json"))["items"]
    ] == [True]
    assert run(app, "webhook-test", number, *WHY) == "Delivered: HTTP status 204.\n"
    assert json.loads(receiver.received[0].body)["type"] == "alert.test"
    receiver.answer = lambda request: 500
    assert "HTTP status 500" in run(app, "webhook-test", number, *WHY, fails=True)
    assert run(app, "deliveries", number) == "Nothing was sent there lately.\n"
    assert run(app, "webhook-remove", number, *WHY) == f"Webhook {number} is removed.\n"
    assert json.loads(run(app, "webhooks", "--json")) == {"items": []}
    assert [act for act, _ in audited(world)] == [
        "alert.webhook.add",
        "alert.webhook.test",
        "alert.webhook.reached",
        "alert.webhook.test",
        "alert.webhook.remove",
    ]
    assert "whsec_" not in str(world.rows(select(AuditRecord.before, AuditRecord.after)))


def test_deliveries_say_what_came_of_them(app: Flask, raised: int, receiver: Receiver) -> None:
    state = alerts.of(app)
    added = state.webhooks.add("pager", receiver.url, by="ada")
    number = str(added.webhook.id)
    with state.store.writing() as rows:
        waiting = rows.add_delivery(added.webhook.id, "alert.raised", "{}")
        rows.tried(waiting.id, 500, "HTTP status 500", settled=False)
    assert "alert.raised  waiting, 1 tries: HTTP status 500" in run(app, "deliveries", number)
    assert state.deliverer.turn() == 1
    assert "alert.raised  delivered" in run(app, "deliveries", number)
    shown = json.loads(run(app, "deliveries", number, "--json"))
    assert (shown["items"][0]["delivered"], shown["next"]) == (True, None)
    with state.store.writing() as rows:
        newer = [rows.add_delivery(added.webhook.id, "alert.changed", "{}") for _ in range(50)]
    page = run(app, "deliveries", number)
    assert f"More with --after {newer[0].id}." in page and "alert.raised" not in page
    assert "alert.raised" in run(app, "deliveries", number, "--after", str(newer[0].id))
