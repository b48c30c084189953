"""Permissions that roles allow and deny, singly and as groups."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db, permissions
from tests.integration.blueprints.roles.conftest import Crew
from tests.support.statements import count_statements
from tests.support.world import World, expired_header
from yoto.store.models import (
    AuditRecord,
    Permission,
    PermissionGroup,
    PermissionGroupMember,
    RoleGrant,
)


@pytest.fixture
def role(world: World, crew: Crew) -> int:
    """A role of the server below the manager's."""
    return world.role(crew.community, name="helpers", position=2)


@pytest.fixture
def speakers(app: Flask) -> int:
    """A permission group with ``message.send`` and ``message.pin``."""
    with app.app_context():
        group = PermissionGroup(name="speakers")
        db.session.add(group)
        db.session.flush()
        names = ("message.send", "message.pin")
        for permission_id in db.session.scalars(
            select(Permission.id).where(Permission.name.in_(names))
        ):
            member = PermissionGroupMember(group_id=group.id, permission_id=permission_id)
            db.session.add(member)
        db.session.commit()
        group_id = group.id
        db.session.remove()
    return group_id


def may(app: Flask, user_id: int, name: str, scope: str, scope_id: int) -> bool:
    with app.app_context():
        return permissions.check_permission(user_id, name, scope, scope_id)


def grants(role: int) -> str:
    return f"/api/v1/roles/{role}/grants"


def groups(role: int) -> str:
    return f"/api/v1/roles/{role}/groups"


def test_a_grant_lets_the_holders_act_and_its_removal_stops_them(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    world.assign(crew.member, role)
    question = (crew.member.id, "message.pin", "channel", crew.community.channel_id)
    path = f"{grants(role)}/message.pin"
    assert not may(app, *question)
    granted = client.put(path, headers=crew.manager.headers, json={})
    assert granted.status_code == 200
    assert may(app, *question)
    assert client.delete(path, headers=crew.manager.headers).status_code == 204
    assert not may(app, *question)


@pytest.mark.parametrize("scope", ["global", "server", "channel"])
def test_a_grant_is_answered_and_listed_with_its_scope(
    client: FlaskClient, crew: Crew, role: int, scope: str
) -> None:
    ids = {"global": None, "server": crew.community.id, "channel": crew.community.channel_id}
    body = {"effect": "deny", "scope": scope, "scope_id": ids[scope]}
    answer = client.put(f"{grants(role)}/message.send", headers=crew.manager.headers, json=body)
    granted = answer.get_json()
    assert granted.pop("id")
    assert granted == {**body, "permission": "message.send"}
    listed = client.get(grants(role), headers=crew.manager.headers).get_json()
    assert [{**item, "id": None} for item in listed["items"]] == [{**granted, "id": None}]


def test_granting_again_changes_the_effect_in_place(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    path = f"{grants(role)}/message.send"
    first = client.put(path, headers=crew.manager.headers, json={"effect": "allow"}).get_json()
    second = client.put(path, headers=crew.manager.headers, json={"effect": "deny"}).get_json()
    assert (second["id"], second["effect"]) == (first["id"], "deny")
    records = select(AuditRecord.id).where(
        AuditRecord.action == "role.grant", AuditRecord.subject == f"role:{role}"
    )
    assert len(world.rows(records)) == 2


def test_a_grant_is_removed_in_its_own_scope_only(
    client: FlaskClient, crew: Crew, role: int
) -> None:
    path = f"{grants(role)}/message.send"
    client.put(path, headers=crew.manager.headers, json={})
    query = {"scope": "channel", "scope_id": crew.community.channel_id}
    answer = client.delete(path, headers=crew.manager.headers, query_string=query)
    assert answer.status_code == 404
    assert client.delete(path, headers=crew.manager.headers).status_code == 204
    assert client.delete(path, headers=crew.manager.headers).status_code == 404


def test_the_default_role_can_be_granted(client: FlaskClient, crew: Crew) -> None:
    answer = client.put(
        f"{grants(crew.community.everyone_id)}/message.pin", headers=crew.owner.headers, json={}
    )
    assert answer.status_code == 200


def test_a_group_is_granted_and_removed_as_one(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int, speakers: int
) -> None:
    world.assign(crew.member, role)
    question = (crew.member.id, "message.pin", "channel", crew.community.channel_id)
    path = f"{groups(role)}/{speakers}"
    granted = client.put(path, headers=crew.manager.headers, json={}).get_json()
    assert granted.pop("id")
    assert granted == {
        "effect": "allow",
        "scope": "global",
        "scope_id": None,
        "group_id": speakers,
        "group": "speakers",
    }
    assert may(app, *question)
    listed = client.get(groups(role), headers=crew.manager.headers).get_json()["items"]
    assert [item["group"] for item in listed] == ["speakers"]
    assert client.delete(path, headers=crew.manager.headers).status_code == 204
    assert client.delete(path, headers=crew.manager.headers).status_code == 404
    assert not may(app, *question)


@pytest.mark.parametrize(
    ("permission", "body", "field", "status"),
    [
        ("no.such", {}, "permission", 422),
        ("junk", {}, "permission", 422),
        ("platform.view", {}, "permission", 422),
        ("message.send", {"effect": "maybe"}, "effect", 422),
        ("message.send", {"scope": "galaxy"}, "scope", 422),
        ("message.send", {"scope": "server"}, "scope_id", 422),
        ("message.send", {"scope": "channel", "scope_id": "1"}, "scope_id", 422),
        ("message.send", {"scope": "channel", "scope_id": 4711}, "scope_id", 404),
        ("message.send", {"scope": "server", "scope_id": 4711}, "scope_id", 404),
        ("message.send", {"scope_id": 1}, "scope_id", 422),
        ("message.send", {"permission": "message.pin"}, "permission", 422),
    ],
)
def test_a_bad_grant_names_the_field_and_stores_nothing(
    client: FlaskClient,
    world: World,
    crew: Crew,
    role: int,
    permission: str,
    body: dict[str, Any],
    field: str,
    status: int,
) -> None:
    before = world.snapshot()
    answer = client.put(f"{grants(role)}/{permission}", headers=crew.owner.headers, json=body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (status, [field])
    assert world.snapshot() == before


def test_a_hidden_channel_of_another_server_is_not_found(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    foreign = world.server(name="Third").channel_id
    answer = client.put(
        f"{grants(role)}/message.send",
        headers=crew.owner.headers,
        json={"scope": "channel", "scope_id": foreign},
    )
    assert (answer.status_code, list(answer.get_json()["errors"])) == (404, ["scope_id"])


def test_nobody_grants_what_they_lack_or_above_themselves(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    before = world.snapshot()
    for path, reason in (
        (f"{grants(role)}/member.ban", "lacks_permission"),
        (f"{grants(crew.manager_role)}/message.pin", "role_too_high"),
    ):
        answer = client.put(path, headers=crew.manager.headers, json={})
        assert (answer.status_code, answer.get_json()["reason"]) == (403, reason)
    assert world.snapshot() == before


def test_a_page_takes_as_many_statements_for_30_grants_as_for_3(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    def statements() -> int:
        with count_statements(app) as found:
            client.get(grants(role), headers=crew.manager.headers)
        return len(found)

    def grant_in_channels(number: int) -> None:
        for _ in range(number):
            channel = world.channel(crew.community)
            client.put(
                f"{grants(role)}/message.send",
                headers=crew.manager.headers,
                json={"scope": "channel", "scope_id": channel},
            )

    grant_in_channels(3)
    for_three = statements()
    grant_in_channels(27)
    assert len(world.rows(select(RoleGrant.id).where(RoleGrant.role_id == role))) == 30
    assert statements() == for_three


@pytest.mark.parametrize("suffix", ["grants", "groups"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_it_takes_the_right_to_manage_roles(
    app: Flask,
    client: FlaskClient,
    world: World,
    crew: Crew,
    role: int,
    speakers: int,
    method: str,
    suffix: str,
) -> None:
    target = {"grants": "message.send", "groups": str(speakers)}[suffix]
    tail = "" if method == "GET" else f"/{target}"
    before = world.snapshot()
    for home, caller, status in (
        (role, crew.member, 403),
        (role, crew.stranger, 404),
        (role, crew.keeper, 404),
        (world.role(None, name="far"), crew.owner, 404),
    ):
        before = world.snapshot()
        path = f"/api/v1/roles/{home}/{suffix}{tail}"
        assert client.open(path, method=method, headers=caller.headers).status_code == status
        assert client.open(path, method=method).status_code == 401
        expired = expired_header(app, crew.owner.id)
        assert client.open(path, method=method, headers=expired).status_code == 401
        assert world.snapshot() == before
