"""Operators look at alerts, take care of them, silence them, and set thresholds and webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import monitor
from tests.support.operators import ADMIN, OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.webhook_receiver import Receiver, receiving
from tests.support.world import World
from yoto.monitor import names
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.rooms.alerts.extension import alerts

ALERTS, RULES, WEBHOOKS = "/alerts", "/alerts/rules", "/alerts/webhooks"
SILENCES = f"{ALERTS}/silences"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "ALERT_INTERVAL": 0.1, "ALERT_WEBHOOK_ALLOW_INTERNAL": True}


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    """A program of an administrator."""
    return control_client(app, world, VIEW, OPERATE, ADMIN)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def evaluate(app: Flask, error_rate: float) -> None:
    state = alerts.of(app)
    state.evaluator.values = lambda: {"error_rate": error_rate}
    state.evaluator.turn()


@pytest.fixture
def raised(app: Flask) -> int:
    """The number of an alert that holds."""
    alerts.of(app).rules.set("error_rate", {"hold": 0, "recover": 0}, by="system")
    evaluate(app, 0.15)
    return alerts.of(app).service.list().items[0].id


def test_an_alert_is_taken_care_of_and_its_history_tells_it(
    app: Flask, ada: ControlClient, raised: int, world: World
) -> None:
    (listed,) = ada.get(ALERTS, state="unclaimed").json["items"]
    assert (listed["id"], listed["rule"], listed["level"]) == (raised, "error_rate", "error")
    assert (listed["value"], listed["limit"], listed["open"]) == (0.15, 0.1, True)
    answer = ada.post(f"{ALERTS}/{raised}/acknowledge", "I look at the database")
    assert answer.json["note"] == "I look at the database"
    assert answer.json["acknowledged_by"].startswith("user:")
    assert [one["type"] for one in answer.json["history"]] == ["alert.acknowledged", "alert.raised"]
    assert answer.json["history_next"] is None
    path, told = f"{ALERTS}/{raised}/history", answer.json["history"]
    first = ada.get(path, limit=1).json
    assert first == {"items": told[:1], "next": told[0]["id"]}
    assert ada.get(path, limit=1, after=first["next"]).json == {"items": told[1:], "next": None}
    assert ada.get(f"{ALERTS}/999/history").status_code == 404
    (act,) = world.acts("alert.acknowledge")
    assert act.actor_id is not None and act.reason == "I look at the database"
    assert ada.get(ALERTS, state="unclaimed").json["items"] == []
    wait_until(lambda: evaluate(app, 0.0) or ada.get(ALERTS).json["items"] == [])
    (over,) = ada.get(ALERTS, state="over", rule="error_rate", level="error").json["items"]
    assert over["resolved_at"] is not None
    assert ada.post(f"{ALERTS}/{raised}/acknowledge").status_code == 422
    assert ada.get(f"{ALERTS}/999").status_code == 404


def test_an_alert_says_what_changed_before_it_and_how_its_value_went(
    app: Flask, ada: ControlClient, raised: int, world: World
) -> None:
    # The rule was changed before the alert: that is an act, and its event.
    before = ada.get(f"{ALERTS}/{raised}/before").json
    assert before["unknown"] == [] and before["more"] is False
    changed = {(one["kind"], one["what"]): one for one in before["items"]}
    act = changed["audit", "alert.rule.set"]
    assert act["data"]["after"]["values"]["hold"] == 0
    assert act["at"] <= before["until"]
    assert changed["event", "config.changed"]["subject"] == "error_rate"
    # The alert itself is no change.
    assert not any(what.startswith("alert.raised") for _, what in changed)
    monitoring = monitor.of(app)
    monitoring.recorder.counter(names.REQUESTS, status="5xx").add(10)
    monitoring.recorder.counter(names.REQUESTS, status="2xx").add(30)
    monitoring.flush()
    found = ada.get(f"{ALERTS}/{raised}/values").json
    assert (found["unit"], found["resolution_s"]) == ("share", 10)
    # Asking made some requests, too.
    assert 0.2 < found["points"][-1]["value"] <= 0.25
    assert found["thresholds"][1] == {"level": "error", "at": 0.1}
    for path in ("before", "values"):
        assert ada.get(f"{ALERTS}/999/{path}").status_code == 404


def test_a_rule_leads_to_a_runbook_its_own_or_the_platforms(
    app: Flask, ada: ControlClient, raised: int
) -> None:
    assert ada.get(f"{ALERTS}/{raised}").json["runbook"] == "/control/runbooks/error_rate"
    path = f"{RULES}/error_rate"
    seen = ada.get(path).headers["ETag"]
    refused = ada.put(path, seen, values={"runbook": "javascript:alert(1)"})
    assert refused.status_code == 422 and list(refused.json["errors"]) == ["runbook"]
    ours = "https://wiki.example.org/errors"
    assert ada.put(path, seen, values={"runbook": ours}).json["runbook"] == ours
    assert ada.get(ALERTS).json["items"][0]["runbook"] == ours


def test_a_silence_lets_alerts_be_seen_but_tells_nobody_and_can_be_ended(
    ada: ControlClient, raised: int
) -> None:
    made = ada.post(SILENCES, rule="error_rate", seconds=3600)
    assert made.status_code == 201 and made.json["reason"] == WHY
    assert ada.get(f"{ALERTS}/{raised}").json["silenced"] is True
    assert ada.get(ALERTS).json["items"][0]["silenced"] is True
    ended = ada.post(f"{SILENCES}/{made.json['id']}/end")
    assert ended.json["ended_by"] == made.json["by"]
    assert ada.get(SILENCES).json["items"] == []
    again = ada.post(SILENCES, rule="*", seconds=60)
    first = ada.get(SILENCES, active="false", limit=1).json
    assert first == {"items": [again.json], "next": again.json["id"]}
    last = ada.get(SILENCES, active="false", limit=1, after=first["next"]).json
    assert last == {"items": [ended.json], "next": None}
    assert ada.post(f"{SILENCES}/{made.json['id']}/end").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rule": "nothing"}, "rule"),
        ({"seconds": 9}, "seconds"),
        ({"seconds": "60"}, "seconds"),
        ({"labels": {"a": 5}}, "labels.a.value"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_wrong_silence_is_refused_by_the_name_of_its_field(
    ada: ControlClient, wrong: dict[str, Any], field: str
) -> None:
    refused = ada.post(SILENCES, **{"rule": "*", "seconds": 60, **wrong})
    assert refused.status_code == 422 and list(refused.json["errors"]) == [field]
    assert ada.get(SILENCES).json["items"] == []


def test_thresholds_are_set_against_the_version_that_was_seen(
    app: Flask, ada: ControlClient, world: World
) -> None:
    path = f"{RULES}/error_rate"
    seen = ada.get(path)
    assert (seen.headers["ETag"], seen.json["version"], seen.json["set"]) == ('"0"', 0, {})
    assert ada.put(path, values={"warning": 0.02}).status_code == 428
    assert ada.put(path, "nonsense", values={"warning": 0.02}).status_code == 422
    changed = ada.put(path, '"0"', values={"warning": 0.02})
    assert (changed.json["warning"], changed.headers["ETag"]) == (0.02, '"1"')
    assert changed.json["default"]["warning"] == 0.05
    stale = ada.put(path, '"0"', values={"warning": 0.03})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"1"')
    assert stale.json["current"] == {"warning": 0.02} and stale.json["current_version"] == 1
    bad = ada.put(path, '"1"', values={"error": 0.01})
    assert bad.status_code == 422 and list(bad.json["errors"]) == ["error"]
    (version,) = ada.get(f"{path}/history").json["items"]
    assert (version["set"], version["reason"]) == ({"warning": 0.02}, WHY)
    back = ada.send("POST", f"{path}/reset", {"reason": WHY}, If_Match='"1"')
    assert (back.json["warning"], back.json["version"]) == (0.05, 2)
    assert [act.before for act in world.acts("alert.rule.reset")] == [{"warning": 0.02}]
    listed = {one["name"] for one in ada.get(RULES).json["items"]}
    assert listed == {rule.name for rule in DEFAULT_RULES}
    assert ada.get(f"{RULES}/none").status_code == 404
    assert ada.put(f"{RULES}/none", '"0"', values={"warning": 1}).status_code == 404


def test_operators_make_rules_of_their_own_silence_and_remove_them(
    ada: ControlClient, world: World
) -> None:
    values = {"metric": "yoto_queue_items", "direction": "high", "warning": 1000}
    made = ada.post(RULES, name="backlog", values=values)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert (made.json["own"], made.json["warning"], made.json["default"]) == (True, 1000, {})
    for wrong, field in (({"values": {}}, "metric"), ({"name": "backlog"}, "name")):
        refused = ada.post(RULES, **{"name": "other", "values": values, **wrong})
        assert refused.status_code == 422 and field in refused.json["errors"]
    path = f"{RULES}/backlog"
    assert ada.put(path, '"1"', values={"warning": 500}).json["version"] == 2
    assert ada.post(SILENCES, rule="backlog", seconds=60).status_code == 201
    assert ada.post(f"{path}/remove").status_code == 428
    assert ada.send("POST", f"{path}/remove", {"reason": WHY}, If_Match='"1"').status_code == 412
    assert ada.send("POST", f"{path}/remove", {"reason": WHY}, If_Match='"2"').status_code == 204
    assert ada.get(path).status_code == 404
    assert len(world.acts("alert.rule.add")) == len(world.acts("alert.rule.remove")) == 1
    of_code = ada.send("POST", f"{RULES}/memory/remove", {"reason": WHY}, If_Match='"0"')
    assert of_code.status_code == 422


def test_a_webhook_shows_its_secret_once_and_says_what_came_of_messages(
    app: Flask, ada: ControlClient, receiver: Receiver, world: World
) -> None:
    url = f"{receiver.url}/secret-path"
    made = ada.post(WEBHOOKS, name="pager", url=url)
    assert made.status_code == 201 and made.json["secret"].startswith("whsec_")
    (listed,) = ada.get(WEBHOOKS).json["items"]
    assert "secret" not in listed and "secret-path" not in listed["url"]
    hook = f"{WEBHOOKS}/{made.json['id']}"
    assert ada.post(f"{hook}/test").json == {"delivered": True, "status": 204, "error": None}
    receiver.answer = lambda request: 500
    assert ada.post(f"{hook}/test").json["delivered"] is False
    assert ada.get(f"{hook}/deliveries").json == {"items": [], "next": None}
    with alerts.of(app).store.writing() as rows:
        older, newer = (rows.add_delivery(made.json["id"], "alert.raised", "{}") for _ in range(2))
    first = ada.get(f"{hook}/deliveries", limit=1).json
    assert ([one["id"] for one in first["items"]], first["next"]) == ([newer.id], newer.id)
    last = ada.get(f"{hook}/deliveries", limit=1, after=first["next"]).json
    assert ([one["id"] for one in last["items"]], last["next"]) == ([older.id], None)
    again = ada.post(WEBHOOKS, name="pager", url=url)
    assert again.status_code == 422 and list(again.json["errors"]) == ["name"]
    assert ada.post(WEBHOOKS, name="x", url="gopher://x").json["errors"].keys() == {"url"}
    assert ada.post(f"{hook}/remove").status_code == 204
    assert ada.get(WEBHOOKS).json == {"items": []}
    assert ada.post(f"{hook}/test").status_code == 404
    acts = [
        act for kind in ("add", "test", "remove") for act in world.acts(f"alert.webhook.{kind}")
    ]
    assert len(acts) == 4 and made.json["secret"] not in str(acts) and url not in str(acts)


def test_a_key_does_not_make_the_secret_of_a_webhook_be_told_twice(
    ada: ControlClient, receiver: Receiver
) -> None:
    body = {"name": "pager", "url": receiver.url, "reason": WHY}
    first = ada.send("POST", WEBHOOKS, body, Idempotency_Key="one")
    second = ada.send("POST", WEBHOOKS, body, Idempotency_Key="one")
    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json["type"].endswith("idempotency-secret")
