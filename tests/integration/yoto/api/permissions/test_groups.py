"""Permission groups and what is in them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import permissions
from tests.support.statements import count_statements
from tests.support.world import Person, World, expired_header
from yoto.store.models import AuditRecord

GROUPS = "/api/v1/permission-groups"


@pytest.fixture
def keeper(world: World) -> Person:
    """Somebody with ``admin.groups`` and what they put into groups."""
    person = world.user("keeper")
    rights = ("admin.groups", "message.send", "message.pin", "message.manage")
    world.assign(person, world.role(None, *rights, position=5))
    return person


@pytest.fixture
def group(client: FlaskClient, keeper: Person) -> int:
    """The group ``speakers``: send and pin."""
    body = {"name": "speakers", "permissions": ["message.send", "message.pin"]}
    return int(client.post(GROUPS, headers=keeper.headers, json=body).get_json()["id"])


def test_a_group_is_made_and_found_at_its_location(client: FlaskClient, keeper: Person) -> None:
    body = {
        "name": "speakers",
        "description": "Those who talk",
        "permissions": ["message.pin", "message.send"],
    }
    made = client.post(GROUPS, headers=keeper.headers, json=body)
    assert made.status_code == 201
    shown = made.get_json()
    expected = {**body, "id": shown["id"], "permissions": ["message.send", "message.pin"]}
    assert shown == expected
    assert client.get(made.headers["Location"], headers=keeper.headers).get_json() == shown


def test_everybody_sees_the_groups(
    client: FlaskClient, world: World, keeper: Person, group: int
) -> None:
    client.post(GROUPS, headers=keeper.headers, json={"name": "empty"})
    headers = world.user().headers
    first = client.get(GROUPS, headers=headers, query_string={"limit": 1}).get_json()
    rest = client.get(GROUPS, headers=headers, query_string={"after": first["next"]}).get_json()
    found = [(item["name"], item["permissions"]) for item in first["items"] + rest["items"]]
    assert found == [("speakers", ["message.send", "message.pin"]), ("empty", [])]
    assert client.get(f"{GROUPS}/{group}", headers=headers).status_code == 200


def test_a_page_takes_as_many_statements_for_30_groups_as_for_3(
    app: Flask, client: FlaskClient, world: World
) -> None:
    headers = world.user().headers

    def make(first: int, number: int) -> None:
        with app.app_context():
            for index in range(first, first + number):
                permissions.register_group(f"g{index}", ["message.send"])

    def statements() -> int:
        with count_statements(app) as found:
            client.get(GROUPS, headers=headers)
        return len(found)

    make(0, 3)
    for_three = statements()
    make(3, 27)
    assert statements() == for_three == 2


def test_a_group_is_renamed_and_described(
    client: FlaskClient, world: World, keeper: Person, group: int
) -> None:
    body = {"name": "talkers", "description": "They talk", "reason": "shorter"}
    answer = client.patch(f"{GROUPS}/{group}", headers=keeper.headers, json=body)
    assert answer.status_code == 200
    assert answer.get_json()["name"] == "talkers"
    assert answer.get_json()["permissions"] == ["message.send", "message.pin"]
    columns = select(AuditRecord.before, AuditRecord.after, AuditRecord.reason)
    [(before, after, reason)] = world.rows(columns.where(AuditRecord.action == "group.update"))
    assert before == {"name": "speakers", "description": ""}
    assert after == {"name": "talkers", "description": "They talk"}
    assert reason == "shorter"


def test_permissions_come_and_go(client: FlaskClient, keeper: Person, group: int) -> None:
    path = f"{GROUPS}/{group}/permissions/message.manage"
    added = client.put(path, headers=keeper.headers, json={})
    assert added.get_json()["permissions"] == ["message.send", "message.manage", "message.pin"]
    assert client.delete(path, headers=keeper.headers).status_code == 204
    assert client.delete(path, headers=keeper.headers).status_code == 404
    shown = client.get(f"{GROUPS}/{group}", headers=keeper.headers).get_json()
    assert shown["permissions"] == ["message.send", "message.pin"]


def test_a_change_of_a_group_reaches_those_who_were_granted_it(
    app: Flask, client: FlaskClient, world: World, keeper: Person, group: int
) -> None:
    community = world.server()
    role = world.role(community, position=1)
    member = world.member(community, world.user(), role)
    with app.app_context():
        permissions.assign_group_to_role(group, role)

    def may(name: str) -> bool:
        with app.app_context():
            return permissions.check_permission(member.id, name, "server", community.id)

    assert may("message.pin") and not may("message.manage")
    root = world.user("root", super_admin=True)
    path = f"{GROUPS}/{group}/permissions"
    client.put(f"{path}/message.manage", headers=root.headers, json={})
    client.delete(f"{path}/message.pin", headers=root.headers)
    assert may("message.manage") and not may("message.pin")


def test_nobody_spreads_by_a_group_what_they_lack(
    app: Flask, client: FlaskClient, world: World, keeper: Person, group: int
) -> None:
    role = world.role(None, name="wide")
    with app.app_context():
        permissions.assign_group_to_role(group, role)
    before = world.snapshot()
    answer = client.put(
        f"{GROUPS}/{group}/permissions/platform.admin", headers=keeper.headers, json={}
    )
    assert (answer.status_code, answer.get_json()["reason"]) == (403, "lacks_permission")
    assert world.snapshot() == before


def test_a_deleted_group_is_gone(client: FlaskClient, keeper: Person, group: int) -> None:
    path = f"{GROUPS}/{group}"
    assert client.delete(path, headers=keeper.headers).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.open(path, method=method, headers=keeper.headers, json={"name": "x"})
        assert answer.status_code == 404


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x" * 10_000}, "name"),
    ({"name": "a\u0000b"}, "name"),
    ({"name": "speakers"}, "name"),
    ({"name": "ok", "description": "x" * 501}, "description"),
    ({"name": "ok", "permissions": ["no.such"]}, "permissions"),
    ({"name": "ok", "permissions": "message.send"}, "permissions"),
    ({"name": "ok", "permissions": [1]}, "permissions.0"),
    ({"name": "ok", "id": 1}, "id"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_a_bad_field_is_named_and_nothing_is_stored(
    client: FlaskClient,
    world: World,
    keeper: Person,
    group: int,
    body: dict[str, Any],
    field: str,
) -> None:
    before = world.snapshot()
    answer = client.post(GROUPS, headers=keeper.headers, json=body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert world.snapshot() == before


def test_a_taken_name_is_a_conflict(
    client: FlaskClient, world: World, keeper: Person, group: int
) -> None:
    other = client.post(GROUPS, headers=keeper.headers, json={"name": "other"}).get_json()["id"]
    before = world.snapshot()
    answer = client.patch(f"{GROUPS}/{other}", headers=keeper.headers, json={"name": "speakers"})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (409, ["name"])
    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("POST", ""),
        ("PATCH", "/{group}"),
        ("DELETE", "/{group}"),
        ("PUT", "/{group}/permissions/message.manage"),
        ("DELETE", "/{group}/permissions/message.send"),
    ],
)
def test_it_takes_the_right_to_manage_groups(
    app: Flask, client: FlaskClient, world: World, group: int, method: str, tail: str
) -> None:
    owner = world.server().owner
    path = GROUPS + tail.format(group=group)
    before = world.snapshot()
    for headers, status in (
        ({}, 401),
        (expired_header(app, owner.id), 401),
        (owner.headers, 403),
    ):
        answer = client.open(path, method=method, headers=headers, data="no json")
        assert answer.status_code == status
    assert world.snapshot() == before
