"""Those above the actor who are judged, the cost of it, and that many holders do not change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app.extensions import permissions
from app.models import Member, User
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.town import Town
from tests.support.statements import count_statements
from tests.support.world import Person, World
from yoto import Application
from yoto.errors import PermissionDenied
from yoto.permission import EVERYONE_GRANTS
from yoto.permission.verdict import comparison
from yoto.store.db import db
from yoto.store.models import RoleAssignment

CROWD = 3_000


def test_a_write_reads_people_with_the_same_roles_in_one_statement_and_judges_them_once(
    app: Flask, world: World, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where all of them stand above the actor, and none loses anything."""
    judge = Mock(wraps=comparison.resolve)
    monkeypatch.setattr(comparison, "resolve", judge)
    verified = world.role(town.community, "member.kick", position=9, name="verified")
    crowd = world.members(town.community, 3, verified, town.low)

    def revoke() -> tuple[int, int]:
        with app.app_context():
            permissions.assign_permissions_to_role(town.low, ["member.kick"])
            judge.reset_mock()
            with count_statements(app) as counted:
                permissions.revoke_permissions_from_role(
                    town.low, ["member.kick"], actor_id=town.actor.id
                )
            return len(counted), judge.call_count

    few = revoke()
    with app.app_context():
        people = [
            {"username": f"many{n}", "display_name": "x", "password_hash": "!"}
            for n in range(CROWD)
        ]
        db.session.execute(insert(User), people)
        ids = db.session.scalars(select(User.id).where(User.username.like("many%"))).all()
        db.session.execute(
            insert(Member), [{"server_id": town.id, "user_id": user_id} for user_id in ids]
        )
        db.session.execute(
            insert(RoleAssignment),
            [
                {"user_id": user_id, "role_id": role}
                for user_id in ids
                for role in (verified, town.low)
            ],
        )
        db.session.commit()
    assert revoke() == few
    assert len(crowd) == 3
    with app.app_context():
        permissions.assign_permissions_to_role(town.low, ["message.pin"])
        with pytest.raises(PermissionDenied) as denied:
            permissions.revoke_permissions_from_role(
                town.low, ["message.pin"], actor_id=town.actor.id
            )
    assert (denied.value.decision.reason, denied.value.decision.names) == (
        "outranked",
        ("message.pin",),
    )


@pytest.fixture
def above(world: World, town: Town) -> tuple[Person, dict[str, Any]]:
    """Somebody above the actor on the platform, who holds the low global role, too; and the actor,
    with all that is needed to change that role.
    """
    boss, actor = world.member(town.community), world.user()
    world.assign(boss, world.role(None, position=9), town.global_role)
    world.assign(actor, world.role(None, *EVERYONE_GRANTS, "member.kick", position=5))
    return boss, {"actor_id": actor.id}


@pytest.mark.parametrize("scope", ["server", "channel"])
def test_a_global_role_takes_nothing_in_a_server_where_it_gave_nothing_before(
    app: Flask, town: Town, above: tuple[Person, dict[str, Any]], scope: str
) -> None:
    boss, who = above
    place = (scope, town.id if scope == "server" else town.channel)
    with app.app_context():
        with pytest.raises(PermissionDenied) as denied:
            permissions.assign_permissions_to_role(
                town.global_role, ["message.send"], *place, effect="deny", **who
            )
        assert permissions.check_permission(boss.id, "message.send", *place)
    assert denied.value.decision.reason == "outranked"


def test_what_somebody_above_keeps_by_a_role_of_the_server_may_be_taken_from_a_global_one(
    app: Flask, world: World, town: Town, above: tuple[Person, dict[str, Any]]
) -> None:
    boss, who = above
    world.assign(boss, world.role(town.community, "member.kick"))
    grant = (town.global_role, ["member.kick"], "server", town.id)
    with app.app_context():
        permissions.assign_permissions_to_role(*grant)
        permissions.revoke_permissions_from_role(*grant, **who)
        assert permissions.check_permission(boss.id, "member.kick", "server", town.id)


def test_who_is_no_member_takes_nothing_from_members_without_roles_of_the_server(
    app: Flask, world: World, town: Town
) -> None:
    """A global role low on the platform, held by a member: every member stands above outsiders."""
    member, outsider = world.member(town.community), world.user()
    world.assign(member, town.global_role)
    world.assign(outsider, world.role(None, *EVERYONE_GRANTS, position=5))
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, ["message.send"])
        with pytest.raises(PermissionDenied) as denied:
            permissions.set_overwrite(
                town.channel,
                role_id=town.global_role,
                deny=["message.send"],
                actor_id=outsider.id,
            )
        db.session.rollback()
        assert permissions.check_permission(member.id, "message.send", "channel", town.channel)
    assert denied.value.decision.reason == "outranked"


def test_a_permission_of_the_platform_is_not_taken_through_a_role_of_a_server(
    app: Flask, world: World, town: Town, above: tuple[Person, dict[str, Any]]
) -> None:
    """The person above holds a role of the server that inherits from the global one."""
    boss, who = above
    with app.app_context():
        permissions.revoke_roles_from_user(boss.id, [town.global_role])
        permissions.assign_permissions_to_role(town.global_role, ["platform.view"])
        permissions.update_role(town.low, parent=town.global_role)
    world.assign(boss, town.low)
    with app.app_context():
        with pytest.raises(PermissionDenied) as denied:
            permissions.revoke_permissions_from_role(town.global_role, ["platform.view"], **who)
        db.session.rollback()
        assert permissions.check_permission(boss.id, "platform.view", "server", town.id)
    assert denied.value.decision.reason == "outranked"


def test_not_even_an_owner_loses_a_permission_of_the_platform_by_a_role_of_the_server(
    app: Flask, world: World, town: Town
) -> None:
    """The owner holds a low role of the server, which is to inherit a denial from a global one."""
    world.assign(town.owner, world.role(None, "platform.view", position=9), town.low)
    world.assign(town.actor, world.role(None, position=5))
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, ["platform.view"], effect="deny")
        for awake in (True, False):
            permissions.update_role(town.low, active=awake)
            with pytest.raises(PermissionDenied) as denied:
                permissions.update_role(town.low, parent=town.global_role, actor_id=town.actor.id)
            db.session.rollback()
            assert (denied.value.decision.reason, denied.value.decision.names) == (
                "outranked",
                ("platform.view",),
            )
        assert permissions.check_permission(town.owner.id, "platform.view", "server", town.id)


PIN = "message.pin"
TAKING: dict[str, Callable[[Town, int, int], Any]] = {
    "a grant": lambda town, role, who: permissions.revoke_permissions_from_role(
        role, [PIN], actor_id=who
    ),
    "a denial": lambda town, role, who: permissions.assign_permissions_to_role(
        role, [PIN], "channel", town.channel, effect="deny", actor_id=who
    ),
    "switching off": lambda town, role, who: permissions.update_role(
        role, active=False, actor_id=who
    ),
    "deleting": lambda town, role, who: permissions.delete_role(role, actor_id=who),
    "an overwrite": lambda town, role, who: permissions.set_overwrite(
        town.channel, role_id=role, deny=[PIN], actor_id=who
    ),
}


@pytest.mark.parametrize("way", TAKING)
def test_a_team_that_somebody_above_leaves_at_a_set_time_replaces_no_role(
    app: Flask, world: World, town: Town, clock: Clock, way: str
) -> None:
    """Until then the overwrite of the team allows what the role does."""
    clock.now = 1_900_000_000.0
    world.assign(town.boss, town.low)
    world.assign(town.actor, world.role(town.community, PIN, position=1))
    place = ("channel", town.channel)
    with app.app_context():
        permissions.assign_permissions_to_role(town.low, [PIN])
        team = permissions.create_team("guests").ids[0]
        permissions.set_overwrite(town.channel, team_id=team, allow=[PIN])
        permissions.add_team_members(
            team, [town.boss.id], valid_until=datetime.fromtimestamp(clock.now + 60, UTC)
        )
        with pytest.raises(PermissionDenied) as denied:
            TAKING[way](town, town.low, town.actor.id)
        db.session.rollback()
        clock.now += 60
        assert permissions.check_permission(town.boss.id, PIN, *place)
    assert (denied.value.decision.reason, denied.value.decision.names) == ("outranked", (PIN,))


@pytest.fixture
def robot(app: Flask) -> Application:
    with app.app_context():
        return Application(permissions.register_application("robot").ids[0])


@pytest.mark.parametrize("way", TAKING)
@pytest.mark.parametrize("kind", ["of the server", "of the platform"])
def test_an_application_with_a_higher_role_keeps_what_it_has_by_a_lower_one(
    app: Flask, world: World, town: Town, robot: Application, way: str, kind: str
) -> None:
    if kind == "of the server":
        role, high, actor = town.low, town.high, town.actor
        world.assign(actor, world.role(town.community, PIN, position=1))
    else:
        role, high, actor = town.global_role, world.role(None, position=9), world.user()
        world.assign(actor, world.role(None, *EVERYONE_GRANTS, PIN, position=5))
    with app.app_context():
        permissions.assign_permissions_to_role(role, [PIN])
        permissions.assign_permissions_to_role(high, ["channel.read"])
        permissions.assign(robot, high)
        permissions.assign(robot, role)
        with pytest.raises(PermissionDenied) as denied:
            TAKING[way](town, role, actor.id)
        db.session.rollback()
        place = ("channel", town.channel)
        assert permissions.check_permission(robot, PIN, *place)
        # Without its high role it is below the actor.
        permissions.unassign(robot, high)
        TAKING[way](town, role, actor.id)
        assert not permissions.check_permission(robot, PIN, *place)
    assert (denied.value.decision.reason, denied.value.decision.names) == ("outranked", (PIN,))


def test_an_application_is_judged_although_a_stranger_with_the_same_roles_loses_nothing(
    app: Flask, world: World, town: Town, robot: Application
) -> None:
    """A global role at a server gives nothing to people outside, and much to an application."""
    actor, high = world.user(), world.role(None, position=9)
    world.assign(actor, world.role(None, *EVERYONE_GRANTS, PIN, position=5))
    place = ("server", town.id)
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, [PIN])
        for holder in (town.outsider.id, robot):
            permissions.assign(holder, high)
            permissions.assign(holder, town.global_role, place)
        assert not permissions.check_permission(town.outsider.id, PIN, *place)
        with pytest.raises(PermissionDenied) as denied:
            permissions.revoke_permissions_from_role(town.global_role, [PIN], actor_id=actor.id)
        db.session.rollback()
        assert permissions.check_permission(robot, PIN, *place)
    assert (denied.value.decision.reason, denied.value.decision.names) == ("outranked", (PIN,))


def test_an_application_above_keeps_what_a_role_of_a_server_inherits_from_the_platform(
    app: Flask, world: World, town: Town, robot: Application
) -> None:
    actor = world.user()
    world.assign(actor, world.role(None, *EVERYONE_GRANTS, PIN, position=5))
    with app.app_context():
        permissions.assign_permissions_to_role(town.global_role, [PIN])
        permissions.update_role(town.low, parent=town.global_role)
        permissions.assign(robot, world.role(None, position=9))
        permissions.assign(robot, town.low)
        with pytest.raises(PermissionDenied) as denied:
            permissions.revoke_permissions_from_role(town.global_role, [PIN], actor_id=actor.id)
    assert denied.value.decision.reason == "outranked"
