"""The holders of roles, and from when to when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.integration.blueprints.roles.conftest import Crew
from tests.support.statements import count_statements
from tests.support.world import World, expired_header
from yoto.store.models import AuditRecord, RoleAssignment


@pytest.fixture
def role(world: World, crew: Crew) -> int:
    """A role of the server below the manager's."""
    return world.role(crew.community, "message.pin", name="helpers", position=2)


def holder(role: int, user_id: int) -> str:
    return f"/api/v1/roles/{role}/members/{user_id}"


def moment(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def test_a_role_is_given_and_taken(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    path = holder(role, crew.member.id)
    given = client.put(path, headers=crew.manager.headers, json={"reason": "well done"})
    assert given.status_code == 200
    assignment = given.get_json()
    assert assignment.pop("created_at")
    assert assignment == {
        "role_id": role,
        "user_id": crew.member.id,
        "valid_from": None,
        "valid_until": None,
        "assigned_by": crew.manager.id,
    }
    assert client.delete(path, headers=crew.manager.headers).status_code == 204
    assert world.rows(select(RoleAssignment.id).where(RoleAssignment.role_id == role)) == []
    acts = select(AuditRecord.action, AuditRecord.reason).where(
        AuditRecord.subject == f"user:{crew.member.id}"
    )
    assert world.rows(acts) == [("role.assign", "well done"), ("role.unassign", None)]


def test_a_window_comes_back_in_utc_and_can_be_moved(
    client: FlaskClient, crew: Crew, role: int
) -> None:
    path = holder(role, crew.member.id)
    window = {"valid_from": "2031-05-01T10:00:00+02:00", "valid_until": "2031-06-01T00:00:00Z"}
    given = client.put(path, headers=crew.manager.headers, json=window).get_json()
    assert given["valid_from"] == "2031-05-01T08:00:00+00:00"
    assert given["valid_until"] == "2031-06-01T00:00:00+00:00"
    moved = client.put(path, headers=crew.manager.headers, json={}).get_json()
    assert (moved["valid_from"], moved["valid_until"]) == (None, None)


def test_holders_are_listed_in_pages_with_their_windows(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    people = [world.member(crew.community) for _ in range(3)]
    for person in people:
        world.assign(person, role, valid_until=world.soon())
    path = f"/api/v1/roles/{role}/members"
    first = client.get(path, headers=crew.member.headers, query_string={"limit": 2}).get_json()
    rest = client.get(
        path, headers=crew.member.headers, query_string={"after": first["next"]}
    ).get_json()
    found = first["items"] + rest["items"]
    assert [item["user"]["id"] for item in found] == [person.id for person in people]
    assert found[0]["user"].keys() == {"id", "username", "display_name"}
    assert all(item["valid_until"] for item in found) and rest["next"] is None


def test_a_page_takes_as_many_statements_for_30_holders_as_for_3(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    def statements() -> int:
        with count_statements(app) as found:
            client.get(f"/api/v1/roles/{role}/members", headers=crew.member.headers)
        return len(found)

    world.members(crew.community, 3, role)
    for_three = statements()
    world.members(crew.community, 27, role)
    assert statements() == for_three <= 5


def test_the_roles_of_a_member_are_seen_by_members(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    world.assign(crew.member, role)
    path = f"/api/v1/users/{crew.member.id}/roles"
    query = {"server_id": crew.community.id}
    for caller, status in ((crew.manager, 200), (crew.member, 200), (crew.stranger, 404)):
        answer = client.get(path, headers=caller.headers, query_string=query)
        assert answer.status_code == status
    seen = client.get(path, headers=crew.manager.headers, query_string=query).get_json()
    assert [item["role_id"] for item in seen["items"]] == [role]


def test_global_roles_are_seen_by_their_holder_and_by_keepers(
    client: FlaskClient, crew: Crew
) -> None:
    path = f"/api/v1/users/{crew.keeper.id}/roles"
    mine = client.get(path, headers=crew.keeper.headers)
    assert [item["user_id"] for item in mine.get_json()["items"]] == [crew.keeper.id]
    others = f"/api/v1/users/{crew.member.id}/roles"
    assert client.get(others, headers=crew.keeper.headers).status_code == 200
    assert client.get(path, headers=crew.owner.headers).status_code == 403


def test_keepers_give_global_roles(client: FlaskClient, world: World, crew: Crew) -> None:
    role = world.role(None, "platform.view", name="viewers", position=1)
    path = holder(role, crew.member.id)
    assert client.put(path, headers=crew.keeper.headers, json={}).status_code == 200
    assert client.delete(path, headers=crew.keeper.headers).status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"valid_from": "2031-05-01T10:00:00"}, "valid_from"),
        ({"valid_until": "tomorrow"}, "valid_until"),
        ({"valid_until": 1924905600}, "valid_until"),
        ({"valid_until": moment(hours=-1)}, "valid_until"),
        ({"valid_from": moment(hours=2), "valid_until": moment(hours=1)}, "valid_until"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, "valid_until"),
        ({"user_id": 1}, "user_id"),
    ],
)
def test_a_bad_window_names_the_field_and_stores_nothing(
    client: FlaskClient, world: World, crew: Crew, role: int, body: dict[str, Any], field: str
) -> None:
    before = world.snapshot()
    answer = client.put(holder(role, crew.member.id), headers=crew.manager.headers, json=body)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
    assert world.snapshot() == before


def test_only_members_are_given_roles_of_a_server(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    before = world.snapshot()
    answer = client.put(holder(role, crew.stranger.id), headers=crew.manager.headers, json={})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["user_id"])
    assert world.snapshot() == before


def test_the_default_role_is_given_to_nobody(client: FlaskClient, crew: Crew) -> None:
    path = holder(crew.community.everyone_id, crew.member.id)
    answer = client.put(path, headers=crew.owner.headers, json={})
    assert answer.status_code == 422
    assert answer.get_json()["errors"].keys() == {"role_id"}


def test_nobody_gives_or_takes_a_role_at_or_above_their_own(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    world.assign(crew.member, crew.manager_role)
    path = holder(crew.manager_role, crew.member.id)
    before = world.snapshot()
    for method in ("PUT", "DELETE"):
        answer = client.open(path, method=method, headers=crew.manager.headers, json={})
        assert (answer.status_code, answer.get_json()["reason"]) == (403, "role_too_high")
    assert world.snapshot() == before


def test_nobody_gives_a_role_that_may_more_than_they(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    strong = world.role(crew.community, "member.ban", position=2)
    answer = client.put(holder(strong, crew.member.id), headers=crew.manager.headers, json={})
    assert (answer.status_code, answer.get_json()["reason"]) == (403, "lacks_permission")


def test_what_is_not_there_is_not_found(
    client: FlaskClient, world: World, crew: Crew, role: int
) -> None:
    headers = crew.manager.headers
    assert client.put(holder(4711, crew.member.id), headers=headers, json={}).status_code == 404
    assert client.put(holder(role, 4711), headers=headers, json={}).status_code == 404
    assert client.delete(holder(role, crew.member.id), headers=headers).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_it_takes_the_right_to_assign_roles(
    app: Flask, client: FlaskClient, world: World, crew: Crew, role: int, method: str
) -> None:
    world.assign(crew.member, role)
    path = holder(role, crew.member.id)
    before = world.snapshot()
    for headers, status in (
        ({}, 401),
        (expired_header(app, crew.owner.id), 401),
        (crew.member.headers, 403),
        (crew.stranger.headers, 404),
        (crew.keeper.headers, 404),
    ):
        answer = client.open(path, method=method, headers=headers, data="no json")
        assert answer.status_code == status
    assert world.snapshot() == before


def test_holders_are_no_business_of_other_servers(
    client: FlaskClient, crew: Crew, role: int
) -> None:
    path = f"/api/v1/roles/{role}/members"
    assert client.get(path, headers=crew.stranger.headers).status_code == 404
    assert client.get(path).status_code == 401
