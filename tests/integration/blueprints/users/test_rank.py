"""Accounts above one's own, and the last administrator, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.support.world import Person, World

API = "/api/v1"


@pytest.fixture
def desk(world: World) -> Person:
    """Somebody with ``admin.users`` and ``admin.groups`` at the lowest height."""
    person = world.user("desk", clearance=2)
    world.assign(person, world.role(None, "admin.users", "admin.groups", position=1))
    return person


@pytest.fixture
def administrators(world: World) -> int:
    """A role that has its rights by a group."""
    role = world.role(None, name="administrators", position=90)
    with world.app.app_context():
        group = permissions.register_group("platform", ["platform.view", "platform.admin"]).ids[0]
        permissions.assign_group_to_role(group, role)
    return role


def disable(client: FlaskClient, who: Person, whom: Person, disabled: bool = True) -> Any:
    path = f"{API}/admin/users/{whom.id}"
    return client.patch(path, headers=who.headers, json={"disabled": disabled})


def test_an_account_of_a_higher_rank_is_not_disabled(
    client: FlaskClient, world: World, desk: Person, administrators: int
) -> None:
    high, other = world.user("high"), world.user("other")
    world.assign(high, administrators)
    world.assign(other, administrators)
    answer = disable(client, desk, high)
    assert answer.status_code == 403 and answer.get_json()["reason"] == "outranked"
    assert disable(client, desk, world.user("plain")).status_code == 200


def test_the_last_administrator_is_not_disabled(
    client: FlaskClient, world: World, desk: Person
) -> None:
    last = world.user("last")
    world.assign(last, world.role(None, "platform.view", "platform.admin", position=1))
    answer = disable(client, desk, last)
    assert answer.status_code == 409
    assert "last administrator" in answer.get_json()["errors"]["user_id"][0]
    assert client.get(f"{API}/auth/me", headers=last.headers).status_code == 200


def test_enabling_an_account_gives_nobody_what_one_lacks(
    client: FlaskClient, world: World, desk: Person
) -> None:
    peer = world.user("peer", disabled=True)
    world.assign(peer, world.role(None, "admin.audit", position=1))
    answer = disable(client, desk, peer, disabled=False)
    assert answer.status_code == 403 and answer.get_json()["permission"] == "admin.audit"
    heir = world.user("heir", disabled=True)
    above = world.role(None, position=2)
    world.assign(heir, world.role(None, position=1, parent_id=above))
    answer = disable(client, desk, heir, disabled=False)
    assert answer.status_code == 403 and answer.get_json()["reason"] == "role_too_high"
    plain = world.user("plain", disabled=True)
    assert disable(client, desk, plain, disabled=False).status_code == 200


def test_a_group_of_a_higher_role_is_left_alone(
    client: FlaskClient, world: World, desk: Person, administrators: int
) -> None:
    high = world.user("high")
    world.assign(high, administrators)
    for path in ("", "/permissions/platform.admin"):
        answer = client.delete(f"{API}/permission-groups/1{path}", headers=desk.headers)
        assert answer.status_code == 403, (path, answer.text)
        assert answer.get_json()["reason"] == "role_too_high"
    with world.app.app_context():
        assert permissions.check_permission(high.id, "platform.admin")


def test_the_group_of_the_last_administrator_stays(
    client: FlaskClient, world: World, administrators: int
) -> None:
    last, higher = world.user("last"), world.user("higher")
    world.assign(last, administrators)
    world.assign(higher, world.role(None, "admin.groups", position=99))
    for path in ("", "/permissions/platform.view"):
        answer = client.delete(f"{API}/permission-groups/1{path}", headers=higher.headers)
        assert answer.status_code == 409, (path, answer.text)
        assert list(answer.get_json()["errors"]) == ["group_id"]


def test_clearance_is_given_and_taken_up_to_ones_own(
    client: FlaskClient, world: World, desk: Person
) -> None:
    plain, trusted = world.user("plain"), world.user("trusted", clearance=3)

    def clear(whom: Person, level: int) -> Any:
        path = f"{API}/admin/users/{whom.id}/clearance"
        return client.put(path, headers=desk.headers, json={"clearance": level})

    assert clear(plain, 2).status_code == 200
    for whom, level in ((plain, 3), (trusted, 0)):
        answer = clear(whom, level)
        assert answer.status_code == 403
        assert answer.get_json()["reason"] == "clearance_too_low"
    above = world.user("above")
    world.assign(above, world.role(None, "platform.view", position=2))
    assert clear(above, 1).get_json()["reason"] == "outranked"
