"""Operators look at prefetching and steer it: with session, token, right and reason."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import cache, prefetch
from tests.integration.yoto.control_plane.conftest import STATUS, Browser
from tests.support.prefetching import by_hand, turn
from tests.support.world import Person, World
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.steps import Step
from yoto.store.models import AuditRecord

PREFETCH = "/control/api/prefetch"
WHY = "the database has other work"


@pytest.fixture
def viewer(browser: Browser, operator: Person) -> Browser:
    """A browser of somebody who may look."""
    browser.sign_in("olga")
    return browser


@pytest.fixture
def steerer(browser: Browser, operator: Person, world: World) -> Browser:
    """A browser of somebody who may act."""
    world.assign(operator, world.role(None, "platform.operate", name="steerers"))
    browser.sign_in("olga")
    return browser


def post(browser: Browser, path: str, body: Any, token: str | None = None) -> Any:
    headers = {"X-CSRF-Token": browser.token(STATUS) if token is None else token}
    return browser.client.post(f"{PREFETCH}{path}", json=body, headers=headers)


def acts(world: World) -> list[Any]:
    row = AuditRecord
    return world.rows(
        select(row.action, row.subject, row.reason)
        .where(row.action.startswith("prefetch.") | row.action.startswith("resilience"))
        .order_by(row.id)
    )


def test_the_state_says_what_is_known_and_what_is_not(viewer: Browser) -> None:
    answer = viewer.get(PREFETCH)
    assert answer.status_code == 200
    shown = answer.get_json()
    assert shown["switches"] == {"fetching": True, "recording": True}
    assert shown["stats"]["prefetch"]["precision"] is None
    assert shown["fleet"] == {} and shown["paused"] is False


def test_pausing_stops_the_fleet_and_resuming_starts_it(
    app: Flask, steerer: Browser, world: World
) -> None:
    assert post(steerer, "/pause", {"reason": WHY}).get_json()["switches"]["fetching"] is False
    prefetcher = prefetch.of(app).prefetcher
    assert prefetcher is not None and not prefetcher.running
    assert post(steerer, "/resume", {"reason": WHY}).get_json()["switches"]["fetching"] is True
    assert [act[1:] for act in acts(world)] == [("switch:prefetch.fetching", WHY)] * 2


def test_one_worker_can_be_paused_alone(app: Flask, steerer: Browser, world: World) -> None:
    shown = post(steerer, "/pause", {"reason": WHY, "where": "worker"}).get_json()
    assert shown["paused"] is True and shown["switches"]["fetching"] is True
    shown = post(steerer, "/resume", {"reason": WHY, "where": "worker"}).get_json()
    assert shown["paused"] is False
    assert [act[0] for act in acts(world)] == ["prefetch.pause", "prefetch.resume"]


def test_a_prefetch_that_waits_can_be_cancelled(
    app: Flask, steerer: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = by_hand(app)
    prefetcher = service.prefetcher
    assert prefetcher is not None
    assert cache.of(app).start(10)
    step = Step("channel.read", "channel", 3)
    monkeypatch.setattr(prefetcher, "_predict", lambda user_id: [Prediction(step, 1.0)])
    monkeypatch.setattr(prefetcher._loader, "_submit", lambda job: False)
    prefetcher.turn([(7, Step("channel.read", "channel", 1).place)])
    (task,) = steerer.get(f"{PREFETCH}/tasks").get_json()["items"]
    assert (task["state"], task["scope_id"]) == ("waiting", 3)
    path = f"/tasks/{task['id']}/cancel"
    assert post(steerer, path, {"reason": WHY}).get_json()["state"] == "cancelled"
    assert acts(world) == [("prefetch.cancel", f"prefetch:{task['id']}", WHY)]
    assert post(steerer, path, {"reason": WHY}).status_code == 404
    assert len(acts(world)) == 1


def test_what_somebody_did_can_be_forgotten(app: Flask, steerer: Browser, world: World) -> None:
    service = by_hand(app)
    service.record(7, [(Step("channel.open", "channel", 3), 5.0)])
    turn(service)
    assert service.analyzer.predict(7)
    assert post(steerer, "/forget", {"reason": WHY, "user_id": 7}).status_code == 204
    assert not service.analyzer.predict(7)
    assert acts(world) == [("prefetch.forget", "user:7", WHY)]
    refused = post(steerer, "/forget", {"reason": WHY, "user_id": "anna"})
    assert refused.status_code == 422 and list(refused.get_json()["errors"]) == ["user_id"]


@pytest.mark.parametrize("token", ["", "another"])
def test_without_the_token_of_the_session_nothing_is_changed(
    steerer: Browser, world: World, token: str
) -> None:
    answer = post(steerer, "/pause", {"reason": WHY}, token=token)
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert acts(world) == []


def test_a_form_with_the_token_in_it_is_no_call(steerer: Browser, world: World) -> None:
    form = {"csrf_token": steerer.token(STATUS), "reason": WHY}
    assert steerer.client.post(f"{PREFETCH}/pause", data=form).status_code == 403
    assert acts(world) == []


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": WHY, "where": "galaxy"}])
def test_without_a_reason_nothing_is_changed(steerer: Browser, world: World, body: Any) -> None:
    assert post(steerer, "/pause", body).status_code == 422
    assert acts(world) == []


def test_who_may_look_may_not_act(viewer: Browser, world: World) -> None:
    for path in ("/pause", "/resume", "/forget", "/tasks/1/cancel"):
        assert post(viewer, path, {"reason": WHY}).status_code == 403
    assert acts(world) == []


def test_a_bearer_token_is_no_session(app: Flask, world: World) -> None:
    root = world.user("root", super_admin=True)
    assert app.test_client().get(PREFETCH, headers=root.headers).status_code == 401
