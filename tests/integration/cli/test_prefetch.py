"""``flask prefetch``."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from app.core.prefetch import Step
from app.extensions import prefetch
from tests.support.prefetching import by_hand, turn
from tests.support.world import Person, World


@pytest.fixture
def anna(world: World) -> Person:
    return world.user("anna")


def run(app: Flask, *arguments: str, code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=["prefetch", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def live(app: Flask, person: Person) -> None:
    """Somebody does something, and this worker tells of itself."""
    service = by_hand(app)
    service.record(person.id, [(Step("channel.open", "channel", 3), 5.0)])
    turn(service)
    service.work.report()


def test_stats_are_those_of_every_worker(app: Flask, anna: Person) -> None:
    live(app, anna)
    shown = json.loads(run(app, "stats"))
    assert shown["switches"] == {"fetching": True, "recording": True}
    (worker,) = shown["workers"].values()
    assert worker["recorded"] == {"noted": 1, "stored": 1, "dropped": 0, "waiting": 0}


def test_predictions_of_a_user(app: Flask, anna: Person) -> None:
    live(app, anna)
    output = run(app, "predict", "anna")
    assert "channel.open  channel:3" in output
    assert "deeds known: 0.0" in output  # only a client told of it


def test_forgetting_is_audited_and_done(app: Flask, anna: Person, world: World) -> None:
    live(app, anna)
    assert "forgotten" in run(app, "forget", "anna", "--reason", "anna asked for it")
    assert "channel.open" not in run(app, "predict", "anna")
    (act,) = world.acts("prefetch.forget")
    assert (act.subject, act.reason) == (f"user:{anna.id}", "anna asked for it")
    assert act.after["via"].startswith("cli:")


def test_pausing_and_recording_are_switches_of_the_fleet(app: Flask) -> None:
    run(app, "pause", "--reason", "busy")
    run(app, "recording", "off", "--reason", "privacy")
    assert prefetch.of(app).switches() == {"fetching": False, "recording": False}
    run(app, "resume", "--reason", "calm")
    run(app, "recording", "on", "--reason", "agreed")
    assert prefetch.of(app).switches() == {"fetching": True, "recording": True}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("pause",), 2),
        (("recording", "maybe", "--reason", "x"), 2),
        (("forget", "nobody-of-that-name", "--reason", "x"), 1),
        (("forget", "1"), 2),
    ],
)
def test_a_wrong_call_is_refused(app: Flask, arguments: tuple[str, ...], code: int) -> None:
    run(app, *arguments, code=code)
