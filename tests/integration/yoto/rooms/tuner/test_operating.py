"""Operators follow suggestions, dismiss them, and see what came of them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.extensions import optimization
from tests.support.operators import OPERATE, VIEW, WHY, ControlClient, control_client
from tests.support.world import World
from yoto.errors import StoreUnavailable
from yoto.operate.live.views import init_live
from yoto.rooms.tuner import tuner as tuning
from yoto.rooms.tuner.suggestion import Suggestion
from yoto.rooms.tuner.trial import TuningStep
from yoto.rooms.tuner.wiring import tuner_of

PATH = "/suggestions"
BATCHES = Suggestion("queue_batch_size", 100, 7, "seen", "faster", 0.9, "queue_wait_p95")
MEMORY = Suggestion("cache_users_size", 1000, 2000, "misses", "hits", 0.6, "l1_hit_rate")
TIMEOUT = Suggestion("redis_socket_timeout", 1.0, 2.0, "late", "patience", 0.5, "l1_hit_rate")


@pytest.fixture
def ada(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> ControlClient:
    """An operator, where these are suggested."""
    monkeypatch.setattr(tuner_of(app), "_take_snapshot", lambda *anything: object())
    monkeypatch.setattr(tuning, "advise", lambda snapshot: [BATCHES, MEMORY, TIMEOUT])
    return control_client(app, world, VIEW, OPERATE)


def judged(app: Flask, monkeypatch: pytest.MonkeyPatch, step: TuningStep, why: str) -> None:
    monkeypatch.setattr(tuning, "next_step", lambda *anything: (step, why))
    tuner_of(app).turn()


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


def test_a_suggestion_is_followed_observed_and_judged(
    app: Flask, ada: ControlClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ada.get(PATH).json
    assert ids(first["items"]) == [BATCHES.id, MEMORY.id, TIMEOUT.id]
    assert (first["observed"], first["outcomes"], first["dismissed"]) == (None, [], [])
    assert first["items"][0]["key"] == "QUEUE_BATCH_SIZE" and first["items"][0]["live"] is True
    applied = ada.post(f"{PATH}/apply", id=BATCHES.id).json
    assert optimization.of(app).queue.batch_size == 7
    assert applied["items"] == [] and applied["observed"]["id"] == BATCHES.id
    assert applied["observed"]["ended_at"] is None and applied["observed"]["reason"] == WHY
    busy = ada.post(f"{PATH}/apply", id=MEMORY.id)
    assert busy.status_code == 422 and list(busy.json["errors"]) == ["id"]
    judged(app, monkeypatch, TuningStep.REVERT, "it became worse")
    (outcome,) = ada.get(PATH).json["outcomes"]
    assert (outcome["result"], outcome["why"]) == ("reverted", "it became worse")
    assert optimization.of(app).queue.batch_size != 7
    assert ids(ada.get(PATH).json["items"]) == [MEMORY.id, TIMEOUT.id]
    ada.post(f"{PATH}/apply", id=MEMORY.id)
    judged(app, monkeypatch, TuningStep.KEEP, "it became better")
    outcomes = ada.get(PATH).json["outcomes"]
    assert [(one["id"], one["result"]) for one in outcomes] == [
        (MEMORY.id, "kept"),
        (BATCHES.id, "reverted"),
    ]
    assert all(one["ended_at"] for one in outcomes)
    assert [act.reason for act in world.acts("resilience.config.set")][0] == WHY


def test_the_detailed_status_has_what_is_suggested_and_says_when_nobody_knows(
    app: Flask, ada: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/status/detailed"
    shown = ada.get(path).json["suggestions"]
    assert shown == ada.get(PATH).json["items"] and ids(shown)[0] == BATCHES.id
    assert "suggestions" not in ada.get("/status").json
    # Minutes of measurements are behind them: they are not looked for again at each poll.
    monkeypatch.setattr(tuning, "advise", lambda snapshot: [])
    assert ada.get(path).json["suggestions"] == shown

    def away(*_: Any) -> None:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(tuner_of(app), "_take_snapshot", away)
    init_live(app, 1_000)
    found = ada.get(path)
    assert (found.status_code, found.json["suggestions"]) == (200, None)


def test_what_is_dismissed_is_named_and_not_suggested_again(ada: ControlClient) -> None:
    left = ada.post(f"{PATH}/dismiss", id=MEMORY.id).json
    assert left["dismissed"] == [MEMORY.id] and ids(left["items"]) == [BATCHES.id, TIMEOUT.id]
    refused = ada.post(f"{PATH}/restore", id=BATCHES.id)
    assert refused.status_code == 422 and list(refused.json["errors"]) == ["id"]
    back = ada.post(f"{PATH}/restore", id=MEMORY.id).json
    assert back["dismissed"] == [] and MEMORY.id in ids(back["items"])


@pytest.mark.parametrize("wanted", [TIMEOUT.id, "nothing=1"])
def test_what_cannot_be_applied_is_refused_and_says_why(ada: ControlClient, wanted: str) -> None:
    refused = ada.post(f"{PATH}/apply", id=wanted)
    assert refused.status_code == 422 and list(refused.json["errors"]) == ["id"]
    assert ada.get(PATH).json["observed"] is None
