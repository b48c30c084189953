"""``flask prefetch``."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from app.extensions import cache, events, prefetch
from tests.support.prefetching import by_hand, turn
from tests.support.world import Person, World
from yoto.fleet import workers
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.prefetching import PrefetchService
from yoto.rooms.prefetch.steps import Step


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
    assert "actions known: 0.0" in output  # only a client told of it


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


@pytest.fixture
def told(app: Flask) -> Iterator[PrefetchService]:
    """This worker's prefetching, which tells of itself and hears orders."""
    service = by_hand(app)
    service.orders.start(service.work.report)
    assert events.of(app).tailer.wait_until_ready(30)
    service.work.report()
    yield service
    service.orders.close()


def test_one_worker_is_paused_and_goes_on(app: Flask, told: PrefetchService, world: World) -> None:
    name, prefetcher = told.instance_id, told.prefetcher
    assert prefetcher is not None
    assert run(app, "pause", "--worker", name, "--reason", "busy") == f"{name} is paused.\n"
    assert prefetcher.paused and prefetch.of(app).switches()["fetching"] is True
    assert json.loads(run(app, "stats"))["workers"][name]["paused"] is True
    run(app, "resume", "--worker", name, "--reason", "calm")
    assert not prefetcher.paused
    (paused,), (resumed,) = world.acts("prefetch.pause"), world.acts("prefetch.resume")
    assert (paused.reason, resumed.reason) == ("busy", "calm")
    assert paused.subject == f"worker:{name}"[:64] and paused.after["instance"] == name


def test_a_prefetch_that_waits_is_cancelled_in_its_worker(
    app: Flask, told: PrefetchService, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefetcher = told.prefetcher
    assert prefetcher is not None and cache.of(app).start(10)
    step = Step("channel.read", "channel", 3)
    monkeypatch.setattr(prefetcher, "_predict", lambda user_id: [Prediction(step, 1.0)])
    monkeypatch.setattr(prefetcher._loader, "_submit", lambda job: False)
    prefetcher.turn([(7, Step("channel.read", "channel", 1).place)])
    (task,) = prefetcher.tasks()
    cancel = ("cancel", told.instance_id, str(task["id"]), "--reason", "of no use")
    assert "has cancelled" in run(app, *cancel)
    assert prefetcher.tasks()[0]["state"] == "cancelled"
    assert f"no prefetch task {task['id']}" in run(app, *cancel, code=1)
    assert [act.subject for act in world.acts("prefetch.cancel")] == [f"prefetch:{task['id']}"] * 2


def test_who_does_not_answer_is_not_said_to_obey(
    app: Flask, told: PrefetchService, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 0.2)
    assert "no worker nobody" in run(app, "pause", "--worker", "nobody", "--reason", "x", code=1)
    assert world.acts("prefetch.pause") == []
    told.orders.close()
    name = told.instance_id
    assert "has not said" in run(app, "pause", "--worker", name, "--reason", "x", code=1)


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
