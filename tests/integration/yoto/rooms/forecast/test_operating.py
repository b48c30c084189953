"""Forecasts of the elected worker are read in every worker, by routes and from a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import events, monitor, redis_store
from tests.support.applications import another_app
from tests.support.operators import VIEW, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.monitor import names, series
from yoto.monitor.backends import Reading
from yoto.monitor.history import Point
from yoto.rooms.forecast import election
from yoto.rooms.forecast.board import forecast_board
from yoto.rooms.forecast.election import elected_forecaster
from yoto.rooms.forecast.metric import Forecast, LastValue
from yoto.rooms.forecast.operating import shown
from yoto.rooms.forecast.snapshot import ForecastReport, ForecastSnapshot

PATH = "/forecasts"
MINUTES, BURST = 80, 78


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW)


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    with another_app(app_config, tmp_path / "other") as made:
        yield made


def quiet_but_for_a_burst(app: Flask, until: float) -> None:
    """Let the forecaster of ``app`` read minutes up to ``until``: a trend, and a burst."""
    first = int(until) // 60 * 60 - MINUTES * 60

    def minute(number: int) -> Point:
        point = Point(first + number * 60, 60)
        point.counters[series(names.REQUESTS, {"status": "2xx"})] = 6000 + 60 * number
        point.counters[series(names.CHECKS, {"result": "denied"})] = 600 * (number == BURST)
        return point

    def read(since: float, until: float) -> Reading:
        points = [minute(number) for number in range(MINUTES)]
        return Reading([one for one in points if since <= one.at < until], complete=True)

    elected_forecaster(app).forecasting._read = read


def metric(found: dict[str, Any], name: str) -> dict[str, Any]:
    (one,) = (one for one in found["metrics"] if one["metric"] == name)
    return one  # type: ignore[no-any-return]


def told(app: Flask) -> list[Any]:
    stored = events.of(app).stream.read()
    return [one.event for one in stored if one.event.type == "forecast.anomaly"]


def burst_minute(burst: dict[str, Any]) -> float:
    return datetime.fromisoformat(burst["at"]).timestamp()


def run(app: Flask) -> str:
    result = app.test_cli_runner().invoke(args=["control", "forecast"])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_nobody_measures_any_more_is_silent_though_it_was_foretold() -> None:
    expected = [1.0, 2.0, 3.0, 4.0, 5.0]
    offered = Forecast("request_rate", 600, expected, expected, expected, "trend", 0.5, 100)
    said = ForecastSnapshot(
        offered={"request_rate": offered},
        lasts={"request_rate": LastValue(600, 0.5)},
        scores={"request_rate": 2.0},
        learned_to=600,
    )

    def at(now: float) -> dict[str, Any]:
        return metric(shown(ForecastReport(now, "a", said), now), "request_rate")

    # The minute that goes on is one of them: 600 is known, 660 to 900 are foretold.
    fresh, late, past = at(665), at(959), at(960)
    assert (len(fresh["minutes"]), fresh["trend"], fresh["score"]) == (5, 1, 2)
    assert [one["value"] for one in late["minutes"]] == [5]
    assert (past["silent"], past["minutes"], past["trend"]) == ("unmeasured", [], None)
    said.learned_to = 900
    assert at(665)["score"] is None and at(665)["level"] == 0.5


def test_before_anybody_forecasts_it_is_unknown(app: Flask, ada: ControlClient) -> None:
    found = ada.get(PATH).json
    assert (found["state"], found["reason"], found["said_at"]) == ("unknown", "nobody", None)
    assert found["metrics"] == found["anomalies"] == found["drifts"] == []
    assert run(app).startswith("Forecasts are unknown: no worker has made one")


def test_what_one_worker_forecasts_every_worker_answers(
    app: Flask, other: Flask, ada: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    quiet_but_for_a_burst(other, now)
    assert elected_forecaster(other).learn()["elected"]
    assert not elected_forecaster(app).learn()["elected"]
    found = ada.get(PATH).json
    assert (found["state"], found["reason"]) == ("known", None)
    assert found["instance"] == events.of(other).instance_id
    rate = metric(found, "request_rate")
    assert (rate["unit"], rate["silent"], rate["level"]) == ("per_second", None, 99 + MINUTES)
    assert rate["trend"] == pytest.approx(1, abs=0.2) and rate["ratio"] < 0.9
    last = rate["minutes"][-1]
    assert last["lower"] <= last["value"] <= last["upper"]
    assert last["value"] == pytest.approx(104 + MINUTES, abs=2)
    # Nothing beats the last value of what was the same all the time, and of what nobody measured.
    assert metric(found, "error_rate")["silent"] == "naive"
    silent = metric(found, "hit_rate")
    assert (silent["silent"], silent["level"], silent["tests"]) == ("history", None, 0)
    (burst,) = (one for one in found["anomalies"] if one["metric"] == "decision_rate")
    assert (
        burst["value"] == 10
        and burst["expected"] == 0
        and burst["score"] > 6
        and burst["until"] > burst["at"]
    )

    said = run(app)
    assert "Forecast 20" in said
    assert "per_second a minute; error" in said
    assert "silent: nothing is better than the last value" in said
    assert "decision_rate was 10 per_second, expected 0 per_second" in said

    before = told(app)
    (event,) = (one for one in before if one.metric == "decision_rate")
    assert (event.minute, event.value, event.expected) == (burst_minute(burst), 10, 0)
    # Learned again by another worker, it is the same fact.
    elected_forecaster(other).close()
    connection = redis_store.of(app)
    connection.client.delete(connection.keys.lock(election.LOCK))
    quiet_but_for_a_burst(app, now)
    wait_until(lambda: elected_forecaster(app).learn()["elected"])
    assert told(app) == before
    assert ada.get(PATH).json["instance"] == events.of(app).instance_id
    # The worker that was elected before is not believed any more.
    board = forecast_board(other)
    assert not board.write(elected_forecaster(app).forecasting.forecaster.snapshot, 1)
    assert ada.get(PATH).json["instance"] == events.of(app).instance_id

    ahead = monitor.of(app).now() + 600
    monkeypatch.setattr(monitor.of(app).backend, "now", lambda: ahead)
    old = ada.get(PATH).json
    assert (old["state"], old["reason"], old["metrics"]) == ("unknown", "old", [])
    assert old["said_at"] == found["said_at"] or old["said_at"] > found["said_at"]
    assert old["anomalies"] == found["anomalies"]
    assert "has stopped reporting" in run(app)
