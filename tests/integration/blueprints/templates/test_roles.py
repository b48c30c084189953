"""Granting a role a level of a permission template."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.integration.blueprints.roles.conftest import Crew
from tests.support.statements import count_statements
from tests.support.world import World, expired_header


@pytest.fixture
def role(world: World, crew: Crew) -> int:
    """A role of the server below the manager's."""
    return world.role(crew.community, name="helpers", position=2)


def at(role: int, template: str) -> str:
    return f"/api/v1/roles/{role}/templates/{template}"


def may(app: Flask, crew: Crew, name: str) -> bool:
    with app.app_context():
        return permissions.check_permission(
            crew.member.id, name, "channel", crew.community.channel_id
        )


def test_a_level_lets_the_holders_act_and_a_lower_one_stops_them(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    world.assign(crew.member, role)
    path, headers = at(role, "message"), crew.owner.headers
    assert not may(app, crew, "message.pin")
    assert client.put(path, headers=headers, json={"level": "moderator"}).status_code == 200
    assert may(app, crew, "message.pin")
    client.put(path, headers=headers, json={"level": "writer"})
    assert may(app, crew, "message.pin"), "it adds"
    client.put(path, headers=headers, json={"level": "writer", "replace": True})
    assert not may(app, crew, "message.pin")
    assert may(app, crew, "message.send")


@pytest.mark.parametrize("scope", ["global", "server", "channel"])
def test_it_answers_with_the_grants_as_they_are_listed(
    client: FlaskClient, world: World, crew: Crew, role: int, scope: str
) -> None:
    ids = {"global": None, "server": crew.community.id, "channel": crew.community.channel_id}
    body = {"level": "writer", "scope": scope, "scope_id": ids[scope], "reason": "new helpers"}
    path = at(role, "message")
    applied = client.put(path, headers=crew.owner.headers, json=body).get_json()
    assert (applied["template"], applied["level"]) == ("message", "writer")
    assert [grant["permission"] for grant in applied["grants"]] == [
        "channel.read",
        "message.read_history",
        "message.send",
    ]
    listed = client.get(f"/api/v1/roles/{role}/grants", headers=crew.owner.headers).get_json()
    assert sorted(listed["items"], key=str) == sorted(applied["grants"], key=str)
    assert {(item["scope"], item["scope_id"]) for item in listed["items"]} == {(scope, ids[scope])}
    before = world.snapshot()
    again = client.put(path, headers=crew.owner.headers, json=body)
    assert again.get_json() == applied
    assert world.snapshot() == before
    assert [act.reason for act in world.audit(crew.community)] == ["new helpers"]


def test_a_template_with_a_parameter_grants_what_is_registered(
    app: Flask, client: FlaskClient, crew: Crew, role: int
) -> None:
    body = {"level": "reader", "parameters": {"resource": "wiki.page"}}
    path = at(role, "crud")
    missing = client.put(path, headers=crew.owner.headers, json=body)
    assert (missing.status_code, list(missing.get_json()["errors"])) == (422, ["template"])
    with app.app_context():
        permissions.templates.register_crud("wiki.page")
    applied = client.put(path, headers=crew.owner.headers, json=body).get_json()
    assert [grant["permission"] for grant in applied["grants"]] == ["wiki.page.read"]


@pytest.mark.parametrize(
    ("template", "body", "status", "field"),
    [
        ("forum", {"level": "reader"}, 404, "template"),
        ("message", {}, 422, "level"),
        ("message", {"level": "boss"}, 422, "level"),
        ("message", {"level": 1}, 422, "level"),
        ("message", {"level": "reader", "replace": "yes"}, 422, "replace"),
        ("message", {"level": "reader", "register": True}, 422, "register"),
        ("message", {"level": "reader", "parameters": {"a": "b"}}, 422, "parameters.a"),
        ("crud", {"level": "reader"}, 422, "parameters.resource"),
        ("message", {"level": "reader", "scope": "galaxy"}, 422, "scope"),
        ("message", {"level": "reader", "scope": "server"}, 422, "scope_id"),
        ("message", {"level": "reader", "scope": "channel", "scope_id": 4711}, 404, "scope_id"),
        ("server", {"level": "moderator", "scope": "channel", "scope_id": 1}, 422, "scope"),
    ],
)
def test_bad_input_names_the_field_and_stores_nothing(
    client: FlaskClient,
    world: World,
    crew: Crew,
    role: int,
    template: str,
    body: dict[str, Any],
    status: int,
    field: str,
) -> None:
    before = world.snapshot()
    answer = client.put(at(role, template), headers=crew.owner.headers, json=body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (status, [field])
    assert world.snapshot() == before


def test_nobody_grants_what_they_lack_or_above_themselves(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    before = world.snapshot()
    for path, body, reason in (
        (at(role, "message"), {"level": "moderator"}, "lacks_permission"),
        (at(crew.manager_role, "message"), {"level": "writer"}, "role_too_high"),
    ):
        answer = client.put(path, headers=crew.manager.headers, json=body)
        assert (answer.status_code, answer.get_json()["reason"]) == (403, reason)
    assert world.snapshot() == before
    writer = {"level": "writer"}
    assert (
        client.put(at(role, "message"), headers=crew.manager.headers, json=writer).status_code
        == 200
    )


def test_it_takes_the_right_to_manage_roles(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    before = world.snapshot()
    body = {"level": "reader"}
    for caller, status in ((crew.member, 403), (crew.stranger, 404), (crew.keeper, 404)):
        answer = client.put(at(role, "message"), headers=caller.headers, json=body)
        assert answer.status_code == status
    assert client.put(at(role, "message"), json=body).status_code == 401
    expired = expired_header(app, crew.owner.id)
    assert client.put(at(role, "message"), headers=expired, json=body).status_code == 401
    assert world.snapshot() == before


def test_adding_a_dozen_grants_takes_as_many_reads_as_adding_two(
    app: Flask, client: FlaskClient, crew: Crew, role: int
) -> None:
    def reads(level: str) -> int:
        with count_statements(app) as found:
            client.put(at(role, "server"), headers=crew.owner.headers, json={"level": level})
        return sum(statement.lstrip().upper().startswith("SELECT") for statement in found)

    reads("reader")
    for_two = reads("writer")
    assert reads("manager") == for_two
