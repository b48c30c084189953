"""People's acts are counted a lot at a time; the number that could not be is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import close_app, create_app
from yoto.errors import StoreUnavailable
from yoto.request.records import RequestRecord
from yoto.rooms.policies import BehaviourWatch
from yoto.rooms.policies.behaviour import watching
from yoto.rooms.policies.behaviour.counters import CountedAction
from yoto.rooms.policies.behaviour.watching import Activity
from yoto.rooms.policies.series import BEHAVIOUR_LOST, samples

MOST = 100


def refusals(count: int) -> list[RequestRecord]:
    one = RequestRecord("one", "one", "GET", "/", None, None, None, status=403, user_id=7)
    return [one] * count


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Flask]:
    monkeypatch.setattr(watching, "MOST_ACTIONS", MOST)
    app = create_app("testing", instance_path=str(tmp_path))
    yield app
    close_app(app)


def lost(app: Flask) -> float:
    return next(one.value for one in samples(app) if one.name == BEHAVIOUR_LOST)


def test_what_redis_does_not_take_and_what_finds_no_room_is_shown_as_lost(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(actions: Sequence[tuple[int, CountedAction]]) -> Any:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(BehaviourWatch.of(app).counters, "note", away)
    done = Activity(app)
    done.note(refusals(MOST + 3))
    assert len(done) == MOST and lost(app) == 3
    done.flush()
    assert len(done) == 0 and lost(app) == MOST + 3
