"""The headline names what an operator must know first: real faults, from their sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import fleet, monitor, optimization
from tests.support.operators import ADMIN, OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.operate.maintenance import CONFIRMATION
from yoto.resilience import Resilience
from yoto.rooms.alerts.extension import alerts
from yoto.store.columns import utcnow

Cause = dict[str, Any]


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    """A program of an administrator, on an application that is well."""
    fleet.of(app).start()
    wait_until(lambda: fleet.of(app).all())
    operator = control_client(app, world, VIEW, OPERATE, ADMIN)
    operator.get("/cache")

    def is_well() -> bool:
        monitor.of(app).flush()  # nobody else does, and one that did not get through says so
        return bool(headline(operator)["state"] == "ok")

    wait_until(is_well)
    return operator


def headline(client: ControlClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/status").json["headline"]
    return found


def cause(client: ControlClient, kind: str, fits: Callable[[Cause], bool] = bool) -> Cause:
    """The cause of that kind, as soon as it is told."""

    def found() -> list[Cause]:
        return [one for one in headline(client)["causes"] if one["kind"] == kind and fits(one)]

    wait_until(found, 20)
    return found()[0]


def test_an_isolated_breaker_is_named_with_who_why_and_how_long(
    app: Flask, ada: ControlClient
) -> None:
    ada.post("/breakers/message.send/isolate", "a broken client", expires_in=3600)
    found = cause(ada, "breaker_isolated")
    assert (found["name"], found["reason"], found["state"]) == (
        "message.send",
        "a broken client",
        "degraded",
    )
    assert found["by"] and not found["by"].startswith("user:")
    assert found["until"] > found["since"] > 0
    assert (found["where"], found["verb"]) == ("guards?guard=circuit_breaker:message.send", "reset")
    assert headline(ada)["state"] == "degraded"
    ada.post("/breakers/message.send/reset")
    wait_until(lambda: headline(ada)["state"] == "ok", 20)


def test_what_is_tuned_for_a_while_leads_to_where_it_is_ended(ada: ControlClient) -> None:
    values = {"invalidation_pace": 1000}
    put = ada.put("/config/tuning/fleet", '"0"', values=values, expires_in=600)
    assert put.status_code == 200
    found = cause(ada, "override")
    assert (found["where"], found["detail"]) == ("cache", "invalidation_pace = 1000")
    assert found["state"] == "planned" and found["until"] > found["since"] > 0


def test_a_level_of_logs_for_a_while_leads_to_where_it_is_ended(ada: ControlClient) -> None:
    until = (utcnow() + timedelta(minutes=9)).isoformat()
    assert ada.put("/log-level", level="ERROR", until=until).status_code == 200
    found = cause(ada, "override")
    assert (found["where"], found["labels"]) == ("settings?part=log_level", {"kind": "log"})
    assert ada.put("/log-level", level=None).status_code == 200


def test_maintenance_is_planned_and_has_an_end(app: Flask, ada: ControlClient) -> None:
    until = (utcnow() + timedelta(minutes=9)).isoformat()
    on = {"enabled": True, "until": until, "confirm": CONFIRMATION}
    ada.put("/maintenance/mode", **on)
    found = cause(ada, "maintenance")
    assert (found["reason"], found["verb"]) == (WHY, "end") and found["until"]
    assert headline(ada)["state"] == "planned"


def test_dead_letters_and_alerts_are_named(app: Flask, ada: ControlClient) -> None:
    optimization.of(app).queue.enqueue("mail", {"to": "nobody"})
    unserved = cause(ada, "unserved_items")
    assert (unserved["name"], unserved["value"]) == ("mail", 1)
    state = alerts.of(app)
    state.rules.set("error_rate", {"hold": 0}, by="system")
    state.evaluator.values = lambda: {"error_rate": 0.15}
    state.evaluator.turn()
    found = cause(ada, "alert")
    assert (found["name"], found["state"], found["value"], found["unit"]) == (
        "error_rate",
        "failed",
        0.15,
        "share",
    )
    assert headline(ada)["state"] == "failed"
    assert headline(ada)["causes"][0]["kind"] == "alert"
    assert (found["level"], found["limit"], found["recovering"]) == ("error", 0.1, False)
    said = app.test_cli_runner().invoke(args=["control", "status"]).output
    assert "alert error_rate" in said and "unserved_items mail" in said
    assert "All systems normal" not in said

    # The value is back, and the alert waits to end.
    state.evaluator.values = lambda: {"error_rate": 0.01}
    state.evaluator.turn()
    found = cause(ada, "alert", lambda one: one["recovering"])
    assert (found["state"], found["level"]) == ("degraded", "error")
    assert (found["peak"], found["value"]) == (0.15, 0.01)
    (listed,) = ada.get("/alerts").json["items"]
    assert listed["recovering"] and listed["open"] and listed["level"] == "error"


def test_what_cannot_be_asked_is_unknown(
    app: Flask, ada: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yoto.errors import StoreUnavailable

    def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(type(optimization.of(app).queue), "stats", away)
    found = cause(ada, "unknown")
    assert found["name"] == "queues" and headline(ada)["state"] == "unknown"


def test_where_failed_sign_ins_come_from_is_for_those_who_may_know(
    app: Flask, ada: ControlClient, world: World
) -> None:
    for number in range(3):
        tried = {"username": "mara", "password": f"wrong {number}"}
        app.test_client().post("/api/v1/auth/login", json=tried)
    Resilience.of(app).trails.report()
    state = alerts.of(app)
    state.evaluator.values = lambda: {"failed_sign_ins": 34.0}
    state.evaluator.turn()
    found = cause(ada, "alert", lambda one: one["name"] == "failed_sign_ins")
    assert (found["value"], found["network"]) == (34, None)
    auditor = control_client(app, world, VIEW, "admin.audit", username="audi")
    assert cause(auditor, "alert")["network"] == "127.0.0.0/24"
    assert "127.0.0" not in json.dumps(ada.get("/status").json)
