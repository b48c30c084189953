"""Operators set from which level on all workers log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.extensions import events, resilience
from tests.support.applications import another_app
from tests.support.operators import ADMIN, VIEW, WHY, ControlClient, control_client
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.errors import StoreUnavailable
from yoto.logs import get_level, set_level
from yoto.resilience import ConfigStore
from yoto.resilience.config_store.redis_copy import RedisCopy
from yoto.store.columns import utcnow

LEVEL = "/log-level"


@pytest.fixture(autouse=True)
def level_of_the_tests() -> Iterator[None]:
    """All applications of a test process share one root logger."""
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


@pytest.fixture
def ada(app: Flask, world: World) -> ControlClient:
    return control_client(app, world, VIEW, ADMIN)


def test_every_worker_follows_also_one_that_starts_later_and_goes_back(
    app: Flask,
    app_config: dict[str, Any],
    ada: ControlClient,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_others: list[str] = []

    def note(level: str, logger: str) -> None:
        set_level(level, logger)
        # A level that its own caller gives to an application is set in the caller's thread.
        if threading.current_thread() is not threading.main_thread():
            by_others.append(level)

    monkeypatch.setattr("yoto.logs.fleet.set_level", note)
    configured = app.config["LOG_LEVEL"]
    before = ada.get(LEVEL).json
    assert (before["level"], before["configured"]) == (None, configured)
    with another_app(app_config, tmp_path / "other") as other:
        resilience.of(other).start()
        answer = ada.put(LEVEL, level="ERROR").json
        assert (answer["level"], answer["in_force"], answer["until"]) == ("ERROR", "ERROR", None)
        assert (answer["reason"], answer["version"]) == (WHY, 1)
        assert answer["changed_by"].startswith("user:")
        wait_until(lambda: "ERROR" in by_others, 15, "the other worker to follow")
    logging.getLogger().setLevel("DEBUG")
    with another_app(app_config, tmp_path / "late") as late:
        resilience.of(late).start()
        wait_until(lambda: get_level() == "ERROR", 15)
    back = ada.put(LEVEL, level=None).json
    assert (back["level"], back["in_force"]) == (None, configured)
    actions = [world.acts(f"resilience.config.{kind}") for kind in ("set", "delete")]
    assert [len(acts) for acts in actions] == [1, 1] and actions[0][0].subject == "log:fleet"
    told = [one.event.type for one in events.of(app).stream.read()]
    assert told.count("config.changed") == 2


def test_it_is_over_by_itself_at_its_time(ada: ControlClient, app: Flask) -> None:
    until = (utcnow() + timedelta(seconds=3.0)).isoformat()
    assert ada.put(LEVEL, level="DEBUG", until=until).json["in_force"] == "DEBUG"
    config: ConfigStore = resilience.of(app).config
    assert config.local.expire() is not None
    wait_until(lambda: get_level() == app.config["LOG_LEVEL"], 15)
    assert ada.get(LEVEL).json["level"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"level": "LOUD"}, "level"),
        ({"level": "debug"}, "level"),
        ({}, "level"),
        ({"level": "DEBUG", "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"level": "DEBUG", "until": "2999-01-01T00:00:00Z"}, "until"),
        ({"level": None, "until": "2999-01-01T00:00:00Z"}, "until"),
        ({"level": "DEBUG", "reason": ""}, "reason"),
    ],
)
def test_what_is_wrong_changes_nothing(
    ada: ControlClient, body: dict[str, Any], field: str
) -> None:
    refused = ada.send("PUT", LEVEL, {"reason": WHY, **body})
    assert refused.status_code == 422 and list(refused.json["errors"]) == [field]
    assert ada.get(LEVEL).json["version"] == 0


def test_what_somebody_else_set_meanwhile_is_not_overwritten(ada: ControlClient) -> None:
    """Where it is said which version was seen."""
    seen = ada.get(LEVEL).headers["ETag"]
    first = ada.put(LEVEL, seen, level="ERROR", until=None)
    assert (first.status_code, first.json["live"], first.headers["ETag"]) == (200, True, '"1"')
    for level in ("DEBUG", None):
        late = ada.put(LEVEL, seen, level=level)
        assert (late.status_code, late.headers["ETag"]) == (412, '"1"')
    assert ada.get(LEVEL).json["level"] == "ERROR"
    assert ada.put(LEVEL, level="DEBUG").status_code == 200


def test_it_is_told_that_workers_do_not_follow_yet(
    ada: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis did not take the change."""

    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(RedisCopy, "bring_up", away)
    assert ada.put(LEVEL, level="ERROR").json["live"] is False
