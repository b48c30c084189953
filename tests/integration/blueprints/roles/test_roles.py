"""Making, reading, changing and deleting roles."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.integration.blueprints.roles.conftest import Crew
from tests.support.statements import count_statements
from tests.support.world import World, expired_header
from yoto.extensions import permissions
from yoto.store.models import AuditRecord, Role

GLOBAL = "/api/v1/roles"


def of(crew: Crew) -> str:
    return f"/api/v1/servers/{crew.community.id}/roles"


def test_a_manager_makes_a_role(client: FlaskClient, crew: Crew) -> None:
    answer = client.post(
        of(crew),
        headers=crew.manager.headers,
        json={"name": " helpers ", "position": 3, "parent_id": None},
    )
    assert answer.status_code == 201
    role = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/roles/{role['id']}"
    assert role.pop("id") and role.pop("created_at")
    assert role == {
        "server_id": crew.community.id,
        "name": "helpers",
        "parent_id": None,
        "position": 3,
        "active": True,
        "is_default": False,
        "access_request_id": None,
    }


def test_a_made_role_is_found_at_its_location(client: FlaskClient, crew: Crew) -> None:
    made = client.post(of(crew), headers=crew.manager.headers, json={"name": "helpers"})
    read = client.get(made.headers["Location"], headers=crew.member.headers)
    assert read.get_json() == made.get_json()


def test_members_see_the_roles_of_their_server_in_pages(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    for number in range(3):
        world.role(crew.community, name=f"r{number}")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = client.get(of(crew), headers=crew.member.headers, query_string=query).get_json()
        seen += [role["name"] for role in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == ["@everyone", "managers", "r0", "r1", "r2"]


def test_a_page_of_roles_takes_as_many_statements_for_30_as_for_3(
    app: Flask, client: FlaskClient, world: World, crew: Crew
) -> None:
    def statements() -> int:
        with count_statements(app) as found:
            client.get(of(crew), headers=crew.member.headers)
        return len(found)

    world.role(crew.community)
    for_three = statements()
    for _ in range(27):
        world.role(crew.community)
    assert statements() == for_three <= 4


def test_a_role_is_changed_field_by_field(client: FlaskClient, world: World, crew: Crew) -> None:
    parent, role = world.role(crew.community), world.role(crew.community, name="old")
    for change in (
        {"name": "new"},
        {"position": 5},
        {"parent_id": parent},
        {"parent_id": None},
        {"active": False},
    ):
        answer = client.patch(f"{GLOBAL}/{role}", headers=crew.manager.headers, json=change)
        assert answer.status_code == 200
        assert answer.get_json().items() >= change.items()
    assert answer.get_json()["name"] == "new"


def test_a_role_is_deleted(client: FlaskClient, world: World, crew: Crew) -> None:
    role = world.role(crew.community)
    answer = client.delete(
        f"{GLOBAL}/{role}", headers=crew.manager.headers, query_string={"reason": "tidying up"}
    )
    assert (answer.status_code, answer.data) == (204, b"")
    assert client.get(f"{GLOBAL}/{role}", headers=crew.manager.headers).status_code == 404
    records = select(AuditRecord.subject, AuditRecord.actor_id, AuditRecord.reason)
    found = world.rows(records.where(AuditRecord.action == "role.delete"))
    assert found == [(f"role:{role}", crew.manager.id, "tidying up")]


def test_keepers_look_after_global_roles(client: FlaskClient, crew: Crew) -> None:
    headers = crew.keeper.headers
    made = client.post(GLOBAL, headers=headers, json={"name": "auditors", "position": 2})
    assert (made.status_code, made.get_json()["server_id"]) == (201, None)
    path = made.headers["Location"]
    assert client.get(path, headers=headers).status_code == 200
    assert client.patch(path, headers=headers, json={"position": 3}).status_code == 200
    listed = client.get(GLOBAL, headers=headers).get_json()["items"]
    assert [role["name"] for role in listed] == ["keepers", "auditors"]
    assert client.delete(path, headers=headers).status_code == 204


BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "   "}, "name"),
    ({"name": "x" * 10_000}, "name"),
    ({"name": "bell\u0007"}, "name"),
    ({"name": 7}, "name"),
    ({"name": "@everyone"}, "name"),
    ({"name": "managers"}, "name"),
    ({"name": "ok", "position": 0}, "position"),
    ({"name": "ok", "position": 10**9}, "position"),
    ({"name": "ok", "position": "3"}, "position"),
    ({"name": "ok", "position": True}, "position"),
    ({"name": "ok", "active": "yes"}, "active"),
    ({"name": "ok", "parent_id": 4711}, "parent_id"),
    ({"name": "ok", "parent_id": 2**63}, "parent_id"),
    ({"name": "ok", "parent_id": "1"}, "parent_id"),
    ({"name": "ok", "server_id": 1}, "server_id"),
    ({"name": "ok", "is_default": True}, "is_default"),
    ({"name": "ok", "reason": "x" * 501}, "reason"),
]


@pytest.mark.parametrize(("body", "field"), BAD_FIELDS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_bad_field_is_named_and_nothing_changes(
    client: FlaskClient, world: World, crew: Crew, method: str, body: dict[str, Any], field: str
) -> None:
    path = of(crew) if method == "POST" else f"{GLOBAL}/{world.role(crew.community)}"
    before = world.snapshot()
    answer = client.open(path, method=method, headers=crew.manager.headers, json=body)
    # An id that names nothing is 404, as everywhere.
    assert answer.status_code == (404 if body.get("parent_id") == 4711 else 422)
    assert list(answer.get_json()["errors"]) == [field]
    assert world.snapshot() == before


@pytest.mark.parametrize("body", [{}, {"reason": "no change"}])
def test_a_change_of_nothing_is_refused(
    client: FlaskClient, world: World, crew: Crew, body: dict[str, Any]
) -> None:
    role = world.role(crew.community)
    answer = client.patch(f"{GLOBAL}/{role}", headers=crew.manager.headers, json=body)
    assert answer.status_code == 422


def test_a_cycle_of_parents_is_refused(client: FlaskClient, world: World, crew: Crew) -> None:
    top = world.role(crew.community)
    middle = world.role(crew.community, parent_id=top)
    bottom = world.role(crew.community, parent_id=middle)
    before = world.snapshot()
    for parent in (top, middle, bottom):
        answer = client.patch(
            f"{GLOBAL}/{top}", headers=crew.manager.headers, json={"parent_id": parent}
        )
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["parent_id"])
    assert world.snapshot() == before


def test_a_hidden_parent_of_another_server_is_not_found(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    foreign = world.role(world.server(name="Third"))
    answer = client.post(
        of(crew), headers=crew.owner.headers, json={"name": "spy", "parent_id": foreign}
    )
    assert (answer.status_code, list(answer.get_json()["errors"])) == (404, ["parent_id"])


def test_the_default_role_is_neither_deleted_nor_changed(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    path = f"{GLOBAL}/{crew.community.everyone_id}"
    before = world.snapshot()
    deleted = client.delete(path, headers=crew.owner.headers)
    changed = client.patch(path, headers=crew.owner.headers, json={"name": "all"})
    for answer in (deleted, changed):
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["role_id"])
    assert world.snapshot() == before


def test_nobody_makes_edits_or_deletes_a_role_at_or_above_their_own(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    peer, low = world.role(crew.community, position=10), world.role(crew.community, position=2)
    headers = crew.manager.headers
    before = world.snapshot()
    answers = [
        client.post(of(crew), headers=headers, json={"name": "mine", "position": 10}),
        client.patch(f"{GLOBAL}/{peer}", headers=headers, json={"name": "mine"}),
        client.patch(f"{GLOBAL}/{low}", headers=headers, json={"position": 10}),
        client.delete(f"{GLOBAL}/{peer}", headers=headers),
        client.delete(f"{GLOBAL}/{crew.manager_role}", headers=headers),
    ]
    for answer in answers:
        assert (answer.status_code, answer.get_json()["reason"]) == (403, "role_too_high")
    assert world.snapshot() == before


def test_an_heir_may_not_get_more_than_its_maker_has(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    strong = world.role(crew.community, "member.ban", position=2)
    before = world.snapshot()
    answer = client.post(
        of(crew), headers=crew.manager.headers, json={"name": "heir", "parent_id": strong}
    )
    assert (answer.status_code, answer.get_json()["reason"]) == (403, "lacks_permission")
    assert world.snapshot() == before


ROUTES = [
    ("GET", "/api/v1/servers/{server}/roles"),
    ("POST", "/api/v1/servers/{server}/roles"),
    ("GET", "/api/v1/roles/{role}"),
    ("PATCH", "/api/v1/roles/{role}"),
    ("DELETE", "/api/v1/roles/{role}"),
    ("GET", "/api/v1/roles"),
    ("POST", "/api/v1/roles"),
    ("GET", "/api/v1/roles/{global_role}"),
    ("PATCH", "/api/v1/roles/{global_role}"),
    ("DELETE", "/api/v1/roles/{global_role}"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_members_of_other_servers_may_do_none_of_it(
    app: Flask, client: FlaskClient, world: World, crew: Crew, method: str, path: str
) -> None:
    path = path.format(
        server=crew.community.id, role=world.role(crew.community), global_role=world.role(None)
    )
    before = world.snapshot()
    for headers, status in (
        ({}, 401),
        (expired_header(app, crew.owner.id), 401),
        # Strangers know that the platform has roles; roles in servers they do not know of.
        (crew.stranger.headers, 403 if path == GLOBAL else 404),
    ):
        answer = client.open(path, method=method, headers=headers, data="no json")
        assert answer.status_code == status
    assert world.snapshot() == before


@pytest.mark.parametrize(("method", "path"), [r for r in ROUTES if r[0] != "GET"])
def test_plain_members_change_no_role(
    client: FlaskClient, world: World, crew: Crew, method: str, path: str
) -> None:
    status = 404 if "{global_role}" in path else 403
    path = path.format(
        server=crew.community.id, role=world.role(crew.community), global_role=world.role(None)
    )
    before = world.snapshot()
    answer = client.open(path, method=method, headers=crew.member.headers, json={"name": "mine"})
    assert answer.status_code == status
    assert world.snapshot() == before


def test_managers_of_a_server_have_no_say_in_global_roles(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    role = world.role(None, name="auditors")
    answer = client.delete(f"{GLOBAL}/{role}", headers=crew.owner.headers)
    assert answer.status_code == 404
    assert world.scalar(select(Role.name).where(Role.id == role)) == "auditors"


@pytest.mark.parametrize("path", ["/api/v1/roles/4711", "/api/v1/servers/4711/roles"])
def test_what_is_not_there_is_not_found(client: FlaskClient, crew: Crew, path: str) -> None:
    assert client.get(path, headers=crew.owner.headers).status_code == 404


def test_a_role_inherits_from_several(
    app: Flask, client: FlaskClient, world: World, crew: Crew
) -> None:
    pinners = world.role(crew.community, "message.pin", name="pinners")
    helpers = world.role(crew.community, name="helpers")
    world.assign(crew.member, helpers)
    address = f"{GLOBAL}/{helpers}/parents/{pinners}"

    def pins() -> bool:
        with app.app_context():
            place = ("server", crew.community.id)
            return permissions.check_permission(crew.member.id, "message.pin", *place)

    assert client.put(address, headers=crew.member.headers, json={}).status_code == 403
    assert client.put(address, headers=crew.owner.headers, json={}).status_code == 204
    assert pins()
    assert client.put(address, headers=crew.owner.headers, json={}).status_code == 422
    assert client.delete(address, headers=crew.owner.headers).status_code == 204
    assert not pins()
    unknown = f"{GLOBAL}/{helpers}/parents/999"
    assert client.put(unknown, headers=crew.owner.headers, json={}).status_code == 404
