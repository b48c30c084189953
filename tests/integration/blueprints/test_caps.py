"""How much one account can make: a refusal names the limit that is reached."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.blueprints.roles import roles
from app.blueprints.servers import invites, servers
from app.extensions import resilience
from app.guards import API_WRITE, NICKNAMES_OF_USER
from tests.support.world import Community, Person, World
from yoto.store.columns import utcnow

API = "/api/v1"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


def post(client: FlaskClient, person: Person, path: str, **body: Any) -> TestResponse:
    return client.post(API + path, json=body, headers=person.headers)


def refused(answer: TestResponse, limit: int) -> None:
    assert answer.status_code == 409, answer.text
    assert str(limit) in answer.get_json()["detail"]


def test_servers_of_one_owner(
    client: FlaskClient, world: World, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "SERVERS_MAX", 2)
    owner, heir = community.owner, world.member(community)
    assert post(client, owner, "/servers", name="second").status_code == 201
    refused(post(client, owner, "/servers", name="third"), 2)
    # Nor are they handed to somebody who has as many.
    for name in ("a", "b"):
        assert post(client, heir, "/servers", name=name).status_code == 201
    answer = post(client, owner, f"/servers/{community.id}/transfer", user_id=heir.id)
    assert (answer.status_code, set(answer.get_json()["errors"])) == (422, {"user_id"})
    client.delete(f"{API}/servers/{community.id}", headers=owner.headers)
    assert post(client, owner, "/servers", name="third").status_code == 201


def test_roles_of_a_server(
    client: FlaskClient, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "ROLES_MAX", 3)  # @everyone is one of them
    path = f"/servers/{community.id}/roles"
    for name in ("a", "b"):
        assert post(client, community.owner, path, name=name).status_code == 201
    refused(post(client, community.owner, path, name="c"), 3)


def test_invites_that_still_let_somebody_in_of_a_server_and_of_a_member(
    client: FlaskClient, world: World, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invites, "INVITES_MAX", 4)
    monkeypatch.setattr(invites, "INVITES_OF_MEMBER", 2)
    path = f"/servers/{community.id}/invites"
    # Spent ones make room when it is needed.
    world.invite(community, "expired", expires_at=utcnow())
    world.invite(community, "used", max_uses=1, uses=1)
    first, second, third = (world.member(community) for _ in range(3))
    for person in (first, first, second, second):
        assert post(client, person, path).status_code == 201
    refused(post(client, third, path), 4)
    monkeypatch.setattr(invites, "INVITES_MAX", 5)
    refused(post(client, first, path), 2)
    assert post(client, third, path).status_code == 201


def test_changes_of_one_account_in_a_while(
    app: Flask, client: FlaskClient, world: World, community: Community
) -> None:
    limits = {"user": {"limit": 3, "window": 3600.0, "burst": 3}}
    with app.app_context():
        resilience.of(app).set_rate_limit_config(API_WRITE, dimensions=limits)
    owner, other = community.owner, world.member(community)
    path = f"/servers/{community.id}/channels"
    for name in ("a", "b", "c"):
        assert post(client, owner, path, name=name).status_code == 201
    full = post(client, owner, path, name="d")
    assert full.status_code == 429 and int(full.headers["Retry-After"]) > 0
    # Reading, asking and what has a limit of its own go on, and so do others.
    assert client.get(API + path, headers=owner.headers).status_code == 200
    question = {"permission": "message.send", "scope": "channel"}
    question |= {"scope_id": community.channel_id}  # type: ignore[dict-item]
    assert post(client, owner, "/permissions/check", **question).status_code == 200
    messages = f"/channels/{community.channel_id}/messages"
    assert post(client, owner, messages, content="Ahoy").status_code == 201
    assert post(client, other, f"/servers/{community.id}/invites").status_code == 201


def test_nicknames_that_one_account_tries(
    client: FlaskClient, world: World, community: Community
) -> None:
    person = world.member(community)
    path = f"{API}/servers/{community.id}/members/me"
    statuses = [
        client.patch(path, json={"nickname": f"n{number}"}, headers=person.headers).status_code
        for number in range(NICKNAMES_OF_USER.limit + 2)
    ]
    assert statuses[: NICKNAMES_OF_USER.limit] == [200] * NICKNAMES_OF_USER.limit
    assert statuses[-1] == 429
