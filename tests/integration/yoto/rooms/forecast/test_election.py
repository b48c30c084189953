"""One worker of all forecasts, and another takes over from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import redis_store
from tests.support.applications import another_app
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.rooms.forecast import election
from yoto.rooms.forecast.election import elected_forecaster


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform."""
    with another_app(app_config, tmp_path / "other") as made:
        yield made


def test_one_worker_learns_and_the_others_leave_it_to_that_one(app: Flask, other: Flask) -> None:
    first = elected_forecaster(app).learn()
    assert first["elected"]
    assert elected_forecaster(app).learn() == first
    assert elected_forecaster(other).learn() == {"elected": False}


def test_another_takes_over_when_the_one_ends(
    app: Flask, other: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(election, "LEASE", 0.3)
    for worker in (app, other):
        election.elect_forecaster(worker)
    assert elected_forecaster(app).learn()["elected"]
    elected_forecaster(app).close()
    wait_until(lambda: elected_forecaster(other).learn()["elected"])


def test_who_has_lost_the_lock_stands_again(app: Flask, other: Flask) -> None:
    assert elected_forecaster(app).learn()["elected"]
    connection = redis_store.of(app)
    key = connection.keys.lock(election.LOCK)
    connection.client.delete(key)
    assert elected_forecaster(other).learn()["elected"]
    holding = elected_forecaster(app)._lock
    wait_until(lambda: not elected_forecaster(app).learn()["elected"], 30)
    elected_forecaster(other).close()
    connection.client.delete(key)
    wait_until(lambda: elected_forecaster(app).learn()["elected"])
    assert holding is elected_forecaster(app)._lock


def test_a_history_that_nobody_tells_is_an_error(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(hours: float = 24) -> None:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(elected_forecaster(app).forecasting, "learn_history", fail)
    with pytest.raises(StoreUnavailable):
        elected_forecaster(app).learn()
