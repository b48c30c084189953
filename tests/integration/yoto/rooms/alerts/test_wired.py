"""Alerts as ``create_app`` wires them: locks elect, degradation follows, threads start and end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from app import initialize_permission_platform
from app.extensions import optimization
from tests.support.waiting import wait_until
from yoto.events import Events
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.optimization import elected_by
from yoto.rooms.alerts.extension import AlertState, alerts
from yoto.rooms.alerts.wiring import degrade_by

THREADS = {"yoto-alerts", "yoto-alert-webhooks"}


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "ALERT_INTERVAL": 0.1}


@pytest.fixture
def state(app: Flask) -> AlertState:
    return alerts.of(app)


def test_every_value_is_unknown_until_somebody_measures(state: AlertState) -> None:
    assert state.evaluator.turn() == []
    assert state.evaluator.counts.evaluations == 1
    assert state.evaluator.counts.value_failures == 0


def test_the_settings_arrive(app: Flask, state: AlertState) -> None:
    assert state.rules.names == [rule.name for rule in DEFAULT_RULES]
    sender = state.webhooks._sender
    assert sender.settings.timeout == app.config["ALERT_WEBHOOK_TIMEOUT"]
    assert not sender.settings.allow_internal


def test_one_of_two_workers_is_elected(app: Flask) -> None:
    locks = optimization.of(app).locks
    elected = elected_by(locks, "turn")
    seen: list[bool] = []

    def ask() -> None:
        with elected() as mine:
            seen.append(mine)

    with elected() as mine:
        assert mine
        other = threading.Thread(target=ask)
        other.start()
        other.join()
    ask()
    assert seen == [False, True]


def test_an_alert_raises_a_level_of_degradation_and_takes_it_back(app: Flask) -> None:
    from yoto.resilience import Resilience

    degrade = degrade_by(app)
    degradation = Resilience.of(app).degradation
    degrade("alert:error_rate", "medium", 60.0, "an alert holds")
    degradation.refresh()
    assert degradation.status("anything").sources == {"alert:error_rate": "medium"}
    degrade("alert:error_rate", "none", 0.0, "the alert is over")
    assert degradation.level("anything") == "none"


def test_a_started_worker_evaluates_and_tells_until_it_is_closed(
    app: Flask, state: AlertState
) -> None:
    values: dict[str, float | None] = {"error_rate": 0.5}
    state.evaluator.values = lambda: values
    state.rules.set("error_rate", {"hold": 0, "recover": 0}, by="ada")
    initialize_permission_platform(app)
    try:
        stream = Events.of(app).stream
        wait_until(lambda: "alert.raised" in [one.event.type for one in stream.read()], 30)
        (alert,) = state.service.list().items
        assert (alert.rule, alert.level) == ("error_rate", "critical")
        values["error_rate"] = 0.0
        wait_until(lambda: not state.service.get(alert.id).open, 30)
    finally:
        state.close()
    assert not THREADS & {thread.name for thread in threading.enumerate()}
    state.start()
    state.close()
