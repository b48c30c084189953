"""Permission templates, and the registration of their permissions."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.world import Person, World, expired_header

TEMPLATES = "/api/v1/permission-templates"
CRUD = f"{TEMPLATES}/crud/permissions"
WIKI = {"parameters": {"resource": "wiki.page", "scope": "server"}}


@pytest.fixture
def registrar(world: World) -> Person:
    person = world.user("registrar")
    world.assign(person, world.role(None, "admin.registry"))
    return person


def test_everybody_sees_the_templates_with_their_levels(client: FlaskClient, world: World) -> None:
    headers = world.user().headers
    listed = client.get(TEMPLATES, headers=headers).get_json()["items"]
    assert [item["name"] for item in listed] == ["channel", "crud", "message", "role", "server"]
    by_name = {item["name"]: item for item in listed}
    assert [level["name"] for level in by_name["message"]["levels"]] == [
        "reader",
        "writer",
        "moderator",
    ]
    assert by_name["message"]["levels"][1]["adds"] == ["message.send"]
    assert by_name["crud"]["levels"][0]["adds"] == ["{resource}.read"]
    assert by_name["crud"]["parameters"][0]["default"] is None
    assert by_name["crud"]["parameters"][1]["choices"] == ["global", "server", "channel"]
    one = client.get(f"{TEMPLATES}/crud", headers=headers).get_json()
    assert one == by_name["crud"]


def test_a_template_is_registered_once(
    client: FlaskClient, world: World, registrar: Person
) -> None:
    answer = client.post(CRUD, headers=registrar.headers, json={**WIKI, "reason": "the wiki"})
    assert answer.status_code == 200
    made = answer.get_json()["items"]
    assert [item["name"] for item in made] == [
        "wiki.page.read",
        "wiki.page.create",
        "wiki.page.update",
        "wiki.page.delete",
    ]
    assert {(item["scope"], item["group"]) for item in made} == {("server", "wiki.page")}
    before = world.snapshot()
    again = client.post(CRUD, headers=registrar.headers, json=WIKI)
    assert again.get_json()["items"] == made
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("template", "body", "status", "field"),
    [
        ("forum", {}, 404, "template"),
        ("crud", {}, 422, "parameters.resource"),
        ("crud", {"parameters": {"resource": "wiki page"}}, 422, "parameters.resource"),
        ("crud", {"parameters": {"resource": "w", "scope": "x"}}, 422, "parameters.scope"),
        ("message", {"parameters": {"resource": "wiki"}}, 422, "parameters.resource"),
        ("crud", {"parameters": []}, 422, "parameters"),
        ("crud", {"parameters": {"resource": 7}}, 422, "parameters.resource.value"),
        ("crud", {"resource": "wiki"}, 422, "resource"),
        ("crud", {"parameters": {"resource": "message", "scope": "server"}}, 422, None),
    ],
)
def test_bad_input_names_the_field_and_registers_nothing(
    client: FlaskClient,
    world: World,
    registrar: Person,
    template: str,
    body: dict[str, Any],
    status: int,
    field: str | None,
) -> None:
    world.permission_id("message.send")
    client.post(CRUD, headers=registrar.headers, json={"parameters": {"resource": "message"}})
    before = world.snapshot()
    answer = client.post(
        f"{TEMPLATES}/{template}/permissions", headers=registrar.headers, json=body
    )
    assert answer.status_code == status
    assert list(answer.get_json()["errors"]) == [field or "scope"]
    assert world.snapshot() == before


def test_registering_takes_the_right_and_reading_an_account(
    app: Flask, client: FlaskClient, world: World
) -> None:
    person = world.user()
    before = world.snapshot()
    assert client.post(CRUD, headers=person.headers, json=WIKI).status_code == 403
    for method, path in (("POST", CRUD), ("GET", TEMPLATES), ("GET", f"{TEMPLATES}/crud")):
        assert client.open(path, method=method, json={}).status_code == 401
        expired = expired_header(app, person.id)
        assert client.open(path, method=method, headers=expired, json={}).status_code == 401
    assert world.snapshot() == before


def test_an_unknown_template_is_not_found(client: FlaskClient, world: World) -> None:
    answer = client.get(f"{TEMPLATES}/forum", headers=world.user().headers)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (404, ["template"])
