"""Risk from what somebody really did, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.policies.conftest import API, Put, codes
from tests.support.world import Community, Person, World
from yoto.auth.failed_sign_ins import failures_of
from yoto.errors import StoreUnavailable
from yoto.rooms.policies import BehaviourWatch
from yoto.rooms.policies.behaviour.risk import risk_of

HERE, ELSEWHERE = "127.0.0.1", "203.0.113.9"


@pytest.fixture
def moderator(world: World, harbour: Community) -> Person:
    return world.member(harbour, None, world.role(harbour, "member.ban", position=5))


@pytest.fixture
def limited(put: Put) -> None:
    """An operator has set a limit: by default there is none."""
    put("risk", {"limits": {"member.ban": 60}})


def ban(client: FlaskClient, harbour: Community, actor: Person, target: Person) -> Any:
    return client.put(
        f"{API}/servers/{harbour.id}/bans/{target.id}", headers=actor.headers, json={}
    )


def parts(app: Flask, person: Person, network: str = HERE) -> dict[str, float]:
    with app.app_context():
        behaviour = BehaviourWatch.of(app).counters.look(person.id, network)
    return dict(risk_of(behaviour, account_age_days=9).parts)


def guess(client: FlaskClient, person: Person, times: int, address: str = HERE) -> None:
    for number in range(times):
        credentials = {"username": person.username, "password": f"wrong guess {number}"}
        answer = client.post(
            f"{API}/auth/login", json=credentials, environ_base={"REMOTE_ADDR": address}
        )
        assert answer.status_code == 401
    assert failures_of(client.application).wait()


def be_refused(client: FlaskClient, person: Person, times: int) -> None:
    for _ in range(times):
        answer = client.get(f"{API}/admin/users", headers=person.headers)
        assert answer.status_code == 403


@pytest.mark.usefixtures("limited")
def test_bans_are_denied_after_guessing_and_many_refusals(
    app: Flask, client: FlaskClient, world: World, harbour: Community, moderator: Person
) -> None:
    first, second = world.member(harbour), world.member(harbour)
    assert ban(client, harbour, moderator, first).status_code == 200
    guess(client, moderator, 8)
    be_refused(client, moderator, 20)
    assert sum(parts(app, moderator).values()) > 60
    assert codes(ban(client, harbour, moderator, second)) == ["risk_too_high"]
    guess(client, harbour.owner, 8)
    be_refused(client, harbour.owner, 20)
    assert ban(client, harbour, harbour.owner, second).status_code == 200


@pytest.mark.usefixtures("limited")
def test_strangers_raise_nobodys_risk_and_a_raid_none_of_who_moderates_it(
    app: Flask, client: FlaskClient, world: World, harbour: Community, moderator: Person
) -> None:
    guess(client, moderator, 8, ELSEWHERE)
    be_refused(client, moderator, 20)
    target = world.member(harbour)
    for _ in range(35):
        assert ban(client, harbour, moderator, target).status_code == 200
    assert (parts(app, moderator)["failed_sign_ins"], parts(app, moderator)["velocity"]) == (0, 0)
    assert parts(app, moderator, ELSEWHERE)["failed_sign_ins"] > 30


@pytest.mark.usefixtures("limited")
def test_a_forgotten_password_alone_denies_nothing(
    client: FlaskClient, world: World, harbour: Community, moderator: Person
) -> None:
    guess(client, moderator, 5)
    assert ban(client, harbour, moderator, world.member(harbour)).status_code == 200


def test_without_redis_the_risk_is_unknown_and_denies_only_where_somebody_set_a_limit(
    app: Flask,
    client: FlaskClient,
    world: World,
    harbour: Community,
    moderator: Person,
    put: Put,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(BehaviourWatch.of(app).counters, "look", _unavailable)
    assert ban(client, harbour, moderator, world.member(harbour)).status_code == 200
    put("risk", {"limits": {"member.ban": 60}})
    refused = ban(client, harbour, moderator, world.member(harbour))
    assert codes(refused) == ["missing:context.risk.score"]
    assert ban(client, harbour, harbour.owner, world.member(harbour)).status_code == 200


def _unavailable(user_id: int, network: str | None) -> Any:
    raise StoreUnavailable("redis", ConnectionError("away"))
