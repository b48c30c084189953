"""The rules of the platform on an application as it runs, whose stores go away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import monitor
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.records import Alert, AlertFilter

PATIENCE = 30.0  # s


@pytest.fixture
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture
def app_config(app_config: dict[str, Any], own_redis: Server) -> dict[str, Any]:
    short = {"REDIS_SOCKET_TIMEOUT": 0.25, "REDIS_CONNECT_TIMEOUT": 0.25, "ALERT_INTERVAL": 0.5}
    return {**app_config, "REDIS_URL": own_redis.url, "MONITOR": True, **short}


def open_alerts(app: Flask) -> list[Alert]:
    return list(alerts.of(app).service.list(AlertFilter(open=True, rule="redis")).items)


def test_an_alert_fires_while_redis_is_frozen_and_ends_when_it_is_back(
    app: Flask, own_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The test waits until what was said while it was away is no more of now.
    monkeypatch.setattr("yoto.collectors.values.NOW", 2)
    state = alerts.of(app)
    state.rules.set("redis", {"hold": 1, "recover": 1}, by="system")
    monitor.of(app).start()
    state.start()
    wait_until(lambda: state.evaluator.counts.evaluations > 1, PATIENCE)
    assert open_alerts(app) == []
    own_redis.pause()
    wait_until(lambda: open_alerts(app), PATIENCE)
    (raised,) = open_alerts(app)
    assert (raised.level, raised.value, raised.text) == ("critical", 0.0, "Redis does not answer")
    own_redis.resume()
    wait_until(lambda: not open_alerts(app), PATIENCE)
    assert state.service.get(raised.id).cause == "value"
