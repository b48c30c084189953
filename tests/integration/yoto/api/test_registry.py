"""The permission registry over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.world import Person, World, expired_header

REGISTRY = "/api/v1/admin/permissions"


@pytest.fixture
def registrar(world: World) -> Person:
    """Somebody with ``admin.registry``."""
    person = world.user("registrar")
    world.assign(person, world.role(None, "admin.registry"))
    return person


def test_all_permissions_are_listed_with_bit_and_scope(
    client: FlaskClient, registrar: Person
) -> None:
    seen: list[dict[str, Any]] = []
    query: dict[str, int] = {"limit": 20}
    while True:
        page = client.get(REGISTRY, headers=registrar.headers, query_string=query).get_json()
        seen += page["items"]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    by_name = {permission["name"]: permission for permission in seen}
    assert by_name["message.send"]["scope"] == "channel"
    assert by_name["message.send"]["group"] == "message"
    assert by_name["platform.view"]["scope"] == "global"
    assert len({permission["bit"] for permission in seen}) == len(seen) > 20


def test_a_registered_permission_can_be_checked_at_once(
    client: FlaskClient, world: World, registrar: Person
) -> None:
    body = {
        "name": "poll.create",
        "scope": "server",
        "group": "poll",
        "description": "Make polls",
        "abac": False,
    }
    made = client.post(REGISTRY, headers=registrar.headers, json=body)
    assert made.status_code == 201
    shown = made.get_json()
    assert shown.items() >= body.items()
    assert client.get(made.headers["Location"], headers=registrar.headers).get_json() == shown
    owner = world.server(name="Poll").owner
    question = {"permission": "poll.create", "scope": "server", "scope_id": 1}
    answer = client.post("/api/v1/permissions/check", headers=owner.headers, json=question)
    assert answer.get_json()["allowed"] is True


def test_a_name_as_others_have_it_works_in_every_address(
    client: FlaskClient, world: World, registrar: Person
) -> None:
    place = world.server()
    role = world.role(place)
    world.assign(place.owner, role)
    for name in ("Poll:create-all", "-x"):
        made = client.post(REGISTRY, headers=registrar.headers, json={"name": name})
        assert made.status_code == 201
        found = client.get(made.headers["Location"], headers=registrar.headers)
        assert found.get_json()["name"] == name
        given = client.put(
            f"/api/v1/roles/{role}/grants/{name}", headers=place.owner.headers, json={}
        )
        assert given.status_code < 300
        question = {"permission": name, "scope": "server", "scope_id": place.id}
        answer = client.post(
            "/api/v1/permissions/check", headers=place.owner.headers, json=question
        )
        assert answer.get_json()["allowed"] is True


def test_registering_twice_is_a_conflict(
    client: FlaskClient, world: World, registrar: Person
) -> None:
    before = world.snapshot()
    answer = client.post(REGISTRY, headers=registrar.headers, json={"name": "message.send"})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (409, ["name"])
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "poll create"}, "name"),
        ({"name": "poll.create "}, "name"),
        ({"name": "OR"}, "name"),
        ({"name": ".."}, "name"),
        ({"name": "a.b; DROP TABLE users"}, "name"),
        ({"name": "a." + "b" * 10_000}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a.b", "scope": "galaxy"}, "scope"),
        ({"name": "a.b", "group": "x" * 65}, "group"),
        ({"name": "a.b", "description": "x" * 501}, "description"),
        ({"name": "a.b", "abac": "yes"}, "abac"),
        ({"name": "a.b", "bit": 3}, "bit"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_registered(
    client: FlaskClient, world: World, registrar: Person, body: dict[str, Any], field: str
) -> None:
    before = world.snapshot()
    answer = client.post(REGISTRY, headers=registrar.headers, json=body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert world.snapshot() == before


def test_an_unknown_name_is_not_found(client: FlaskClient, registrar: Person) -> None:
    answer = client.get(f"{REGISTRY}/no.such", headers=registrar.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", REGISTRY), ("POST", REGISTRY), ("GET", f"{REGISTRY}/message.send")],
)
def test_it_takes_the_right_to_the_registry(
    app: Flask, client: FlaskClient, world: World, method: str, path: str
) -> None:
    owner = world.server().owner
    before = world.snapshot()
    for headers, status in (
        ({}, 401),
        (expired_header(app, owner.id), 401),
        (owner.headers, 403),
    ):
        answer = client.open(path, method=method, headers=headers, data="no json")
        assert answer.status_code == status
    assert world.snapshot() == before
