"""Losses of high roles to low ones, and rights that came to somebody later, through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.integration.blueprints.roles.conftest import Crew
from tests.support.world import Person, World
from yoto.errors import ValidationFailed
from yoto.store.columns import utcnow

API = "/api/v1"
ADMINISTRATOR = "server.administrator"


@pytest.fixture
def boss(world: World, crew: Crew) -> Person:
    """Somebody far above the manager."""
    rights = ("role.manage", "member.ban", "channel.read")
    return world.member(
        crew.community, world.user("boss"), world.role(crew.community, *rights, position=50)
    )


def put(client: FlaskClient, who: Person, path: str, **body: Any) -> Any:
    return client.put(f"{API}{path}", headers=who.headers, json=body)


def patch(client: FlaskClient, who: Person, path: str, **body: Any) -> Any:
    return client.patch(f"{API}{path}", headers=who.headers, json=body)


def refused(answer: Any, reason: str) -> bool:
    return answer.status_code == 403 and answer.get_json()["reason"] == reason


def may(world: World, person: Person, permission: str, *place: Any) -> bool:
    with world.app.app_context():
        return permissions.check_permission(person.id, permission, *place)


def test_administrator_is_never_denied(client: FlaskClient, world: World, crew: Crew) -> None:
    with world.app.app_context():
        group_id = permissions.register_group("all", [ADMINISTRATOR]).ids[0]
    role = world.role(crew.community, position=2)
    for path, field in (
        (f"/roles/{role}/grants/{ADMINISTRATOR}", "permission"),
        (f"/roles/{crew.community.everyone_id}/grants/{ADMINISTRATOR}", "permission"),
        (f"/roles/{role}/groups/{group_id}", "group_id"),
    ):
        answer = put(client, crew.owner, path, effect="deny")
        assert answer.status_code == 422, answer.text
        [said] = answer.get_json()["errors"][field]
        assert "cannot be denied" in said


def test_only_owner_and_administrators_deny_something_to_everyone(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    path = f"/roles/{crew.community.everyone_id}/grants/message.pin"
    answer = put(client, crew.manager, path, effect="deny")
    assert refused(answer, "lacks_permission")
    assert answer.get_json()["permission"] == ADMINISTRATOR
    admins = world.role(crew.community, ADMINISTRATOR, position=11)
    deputy = world.member(crew.community, world.user("deputy"), admins)
    assert put(client, deputy, path, effect="deny").status_code == 200
    assert put(client, crew.owner, path, effect="deny").status_code == 200


def test_a_denial_placed_low_does_not_reach_above(
    client: FlaskClient, world: World, crew: Crew, boss: Person
) -> None:
    mute = world.role(crew.community, name="mute", position=1, deny=["member.ban"])
    assert refused(put(client, crew.manager, f"/roles/{mute}/members/{boss.id}"), "role_too_high")
    assert put(client, crew.manager, f"/roles/{mute}/members/{crew.member.id}").status_code == 200
    worn = world.role(crew.community, name="worn", position=2)
    world.assign(boss, worn)
    for permission in ("member.ban", "message.pin"):
        answer = put(client, crew.manager, f"/roles/{worn}/grants/{permission}", effect="deny")
        assert refused(answer, "outranked") and answer.get_json()["permission"] == permission
    path = f"/channels/{crew.community.channel_id}/overwrites/role/{worn}"
    painter = world.role(crew.community, "channel.overwrite", name="painter")
    world.assign(crew.manager, painter)
    hidden = put(client, crew.manager, path, allow=[], deny=["channel.read"])
    assert refused(hidden, "outranked")
    assert may(world, boss, "member.ban", "server", crew.community.id)


def test_what_somebody_above_has_by_a_low_role_alone_is_not_taken(
    client: FlaskClient, world: World, crew: Crew, boss: Person
) -> None:
    low = world.role(crew.community, "member.kick", name="low", position=2)
    world.assign(boss, low)
    heir = world.role(crew.community, name="heir", position=40, parent_id=low)
    late = world.member(crew.community, world.user("late"), heir)
    headers = crew.manager.headers
    grant = f"{API}/roles/{low}/grants/member.kick?scope=server&scope_id={crew.community.id}"
    assert refused(client.delete(grant, headers=headers), "outranked")
    assert refused(patch(client, crew.manager, f"/roles/{low}", active=False), "outranked")
    assert refused(client.delete(f"{API}/roles/{low}", headers=headers), "outranked")
    holder = f"{API}/roles/{low}/members/{boss.id}"
    assert refused(client.delete(holder, headers=headers), "outranked")
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    shorter = put(client, crew.manager, f"/roles/{low}/members/{boss.id}", valid_until=until)
    assert refused(shorter, "outranked")
    assert may(world, late, "member.kick", "server", crew.community.id)
    # A holder who has it by another role loses nothing.
    world.assign(boss, world.role(crew.community, "member.kick", name="other", position=3))
    assert client.delete(holder, headers=headers).status_code == 204


def test_operators_are_not_disarmed_from_below(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    top = world.user("top")
    world.assign(top, world.role(None, "platform.view", "platform.admin", position=90))
    deny = world.role(None, name="mute", position=1, deny=["platform.view", "platform.admin"])
    answer = put(client, crew.keeper, f"/roles/{deny}/members/{top.id}")
    assert refused(answer, "role_too_high")
    assert may(world, top, "platform.admin")


def test_the_last_administrator_is_disarmed_by_nobody(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    rights = ("platform.view", "platform.admin", "admin.roles")
    role = world.role(None, *rights, name="administrators", position=5)
    last = world.user("last")
    world.assign(last, role)
    higher = world.user("higher")
    world.assign(higher, world.role(None, "admin.roles", "platform.view", position=90))
    deny = world.role(None, name="mute", position=1, deny=["platform.view"])
    child = world.role(None, name="child", position=6, parent_id=role)
    world.assign(higher, child, valid_until=utcnow() + timedelta(hours=1))
    headers = higher.headers
    doors = {
        "give a denial": put(client, higher, f"/roles/{deny}/members/{last.id}"),
        "deny": put(client, higher, f"/roles/{role}/grants/platform.view", effect="deny"),
        "switch off": patch(client, higher, f"/roles/{role}", active=False),
        "delete": client.delete(f"{API}/roles/{role}", headers=headers),
        "revoke": client.delete(f"{API}/roles/{role}/grants/platform.admin", headers=headers),
        "take": client.delete(f"{API}/roles/{role}/members/{last.id}", headers=headers),
    }
    for door, answer in doors.items():
        assert answer.status_code == 409, (door, answer.text)
        assert "last administrator" in answer.get_json()["detail"], door
    assert may(world, last, "platform.admin") and may(world, last, "platform.view")


def test_no_role_inherits_from_one_above_its_maker(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    council = world.role(crew.community, name="council", position=40)
    inside = world.role(crew.community, name="inside", position=3, parent_id=council)
    heir = world.role(crew.community, name="heir", position=2)
    made = client.post(
        f"{API}/servers/{crew.community.id}/roles",
        headers=crew.manager.headers,
        json={"name": "new", "parent_id": council},
    )
    assert refused(made, "role_too_high")
    for parent in (council, inside):
        answer = patch(client, crew.manager, f"/roles/{heir}", parent_id=parent)
        assert refused(answer, "role_too_high")
    given = put(client, crew.manager, f"/roles/{inside}/members/{crew.manager.id}")
    assert refused(given, "role_too_high")
    assert patch(client, crew.owner, f"/roles/{heir}", parent_id=council).status_code == 200


def test_a_role_that_sleeps_is_given_as_if_it_were_awake(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    secret = world.role(crew.community, "server.audit", name="secret", position=3)
    heir = world.role(crew.community, name="heir", position=2, parent_id=secret)
    assert patch(client, crew.manager, f"/roles/{secret}", active=False).status_code == 200
    for role in (secret, heir):
        answer = put(client, crew.manager, f"/roles/{role}/members/{crew.manager.id}")
        assert refused(answer, "lacks_permission")
        assert answer.get_json()["permission"] == "server.audit"


def test_a_right_that_ends_is_not_given_for_longer(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    rights = ("role.manage", "role.assign", "member.kick")
    high = world.role(crew.community, *rights, name="high", position=20)
    low = world.role(crew.community, "member.kick", name="low", position=3)
    bare = world.role(crew.community, name="bare", position=19)
    deputy = world.member(crew.community, world.user("deputy"))
    world.assign(deputy, high, valid_until=world.soon(3600))
    grant = put(client, deputy, f"/roles/{bare}/grants/member.kick")
    assert refused(grant, "lacks_permission")
    for role, reason in ((low, "lacks_permission"), (bare, "role_too_high")):
        path = f"/roles/{role}/members/{deputy.id}"
        assert refused(put(client, deputy, path), reason)
        late = world.soon(3700).isoformat()
        assert refused(put(client, deputy, path, valid_until=late), reason)
        in_time = world.soon(3500).isoformat()
        assert put(client, deputy, path, valid_until=in_time).status_code == 200


def test_a_global_role_that_administers_counts_in_every_server(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    outsider = world.user("outsider")
    world.assign(outsider, world.role(None, ADMINISTRATOR, name="everywhere"))
    assert may(world, outsider, "member.ban", "server", crew.community.id)
    assert may(world, outsider, "message.manage", "channel", crew.community.channel_id)
    assert not may(world, outsider, "platform.view")


def test_a_denial_by_a_group_denies_each_of_its_permissions(
    client: FlaskClient, world: World, crew: Crew
) -> None:
    with world.app.app_context():
        group_id = permissions.register_group("pins", ["message.pin", "member.kick"]).ids[0]
    role = world.role(crew.community, "message.pin", "message.send", position=2)
    world.assign(crew.member, role)
    place = ("server", crew.community.id)
    assert may(world, crew.member, "message.pin", *place)
    answer = put(client, crew.manager, f"/roles/{role}/groups/{group_id}", effect="deny")
    assert answer.status_code == 200
    assert not may(world, crew.member, "message.pin", *place)
    assert may(world, crew.member, "message.send", *place)
    # A permission added to the group is denied with it; one that is never denied cannot be added.
    with world.app.app_context(), pytest.raises(ValidationFailed) as refusal:
        permissions.assign_permission_to_group(group_id, [ADMINISTRATOR])
    assert "cannot be denied" in refusal.value.errors["names"][0]
