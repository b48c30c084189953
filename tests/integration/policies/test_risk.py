"""Risk from what somebody really did, through the API."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.core.errors import StoreUnavailable
from app.core.policy import BehaviourWatch, risk_of
from tests.integration.policies.conftest import API, codes
from tests.support.world import Community, Person, World


def ban(client: FlaskClient, harbour: Community, actor: Person, target: Person) -> Any:
    return client.put(
        f"{API}/servers/{harbour.id}/bans/{target.id}", headers=actor.headers, json={}
    )


def score(app: Flask, person: Person) -> float:
    with app.app_context():
        behaviour = BehaviourWatch.of(app).counters.look(person.id)
    return risk_of(behaviour, account_age_days=0).score


def guess(client: FlaskClient, person: Person, times: int) -> None:
    for number in range(times):
        credentials = {"username": person.username, "password": f"wrong guess {number}"}
        assert client.post(f"{API}/auth/login", json=credentials).status_code == 401


def be_refused(client: FlaskClient, person: Person, times: int) -> None:
    for _ in range(times):
        answer = client.get(f"{API}/admin/users", headers=person.headers)
        assert answer.status_code == 403


def test_bans_are_denied_after_guessing_and_many_refusals(
    app: Flask, client: FlaskClient, world: World, harbour: Community
) -> None:
    moderator = world.member(harbour, None, world.role(harbour, "member.ban", position=5))
    first, second = world.member(harbour), world.member(harbour)
    assert ban(client, harbour, moderator, first).status_code == 200
    guess(client, moderator, 8)
    be_refused(client, moderator, 20)
    assert score(app, moderator) > 60
    assert codes(ban(client, harbour, moderator, second)) == ["risk_too_high"]


def test_a_forgotten_password_alone_denies_nothing(
    client: FlaskClient, world: World, harbour: Community
) -> None:
    guess(client, harbour.owner, 5)
    assert ban(client, harbour, harbour.owner, world.member(harbour)).status_code == 200


def test_without_redis_the_risk_is_unknown_and_bans_are_denied(
    app: Flask, client: FlaskClient, world: World, harbour: Community, monkeypatch: Any
) -> None:
    member = world.member(harbour)
    assert ban(client, harbour, harbour.owner, world.member(harbour)).status_code == 200
    state = BehaviourWatch.of(app)
    monkeypatch.setattr(state.counters, "look", _unavailable)
    assert codes(ban(client, harbour, harbour.owner, member)) == ["missing:context.risk.score"]


def _unavailable(user_id: int) -> Any:
    raise StoreUnavailable("redis", ConnectionError("away"))
