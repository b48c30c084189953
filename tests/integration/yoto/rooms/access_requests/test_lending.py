"""The role that holds what was lent: nobody makes more of it than was granted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.world import Community, Person, World
from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.permission import Team
from yoto.store.models import Role, RoleAssignment, RoleGrant

PIN = "message.pin"


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def member(world: World, community: Community) -> Person:
    return world.member(community, world.user("member"))


def lent(community: Community, member: Person, permission: str = PIN) -> tuple[int, int]:
    """A request that is granted, and the role that holds what was lent."""
    place = ("channel", community.channel_id)
    asked = permissions.access_requests.ask(member.id, permission, *place, 600, "notes")
    granted = permissions.access_requests.grant(asked.id, actor_id=community.owner.id)
    assert granted.role_id is not None
    return granted.id, granted.role_id


def test_of_the_role_that_lends_nobody_makes_anything_but_an_end(
    app: Flask, world: World, community: Community, member: Person
) -> None:
    other = world.member(community, world.user("other"))
    mine = world.role(community, position=3)
    place = ("channel", community.channel_id)
    actor: dict[str, Any] = {"actor_id": community.owner.id}
    with app.app_context():
        request_id, role = lent(community, member)
        team = permissions.create_team("crew").ids[0]
        group = permissions.register_group("some", ["message.send"]).ids[0]
        p = permissions
        more: list[Callable[[], object]] = [
            lambda: p.update_role(role, name="mine", **actor),
            lambda: p.update_role(role, position=9, **actor),
            lambda: p.update_role(role, active=False, **actor),
            lambda: p.update_role(role, parent=mine, **actor),
            lambda: p.update_role(mine, parent=role, **actor),
            lambda: p.add_role_parent(role, mine, **actor),
            lambda: p.add_role_parent(mine, role, **actor),
            lambda: p.register_role("heir", community.id, role, **actor),
            lambda: p.assign_permissions_to_role(role, ["message.manage"], **actor),
            lambda: p.revoke_permissions_from_role(role, [PIN], *place, **actor),
            lambda: p.assign_group_to_role(group, role, **actor),
            lambda: p.set_overwrite(community.channel_id, role_id=role, allow=[PIN], **actor),
            lambda: p.assign_roles_to_user(other.id, [role], **actor),
            lambda: p.assign(other.id, role, place, **actor),
            lambda: p.assign(Team(team), role, place, **actor),
            # For longer, or for more places.
            lambda: p.assign(member.id, role, place, **actor),
            lambda: p.assign(member.id, role, ("server", community.id), **actor),
            # Or one that is taken for it.
            lambda: p.register_role(f"Access request #{request_id + 1}", community.id, **actor),
            lambda: p.update_role(mine, name=f"Access request #{request_id + 1}", **actor),
        ]
        before = _all(world)
        for write in more:
            with pytest.raises(ValidationFailed):
                write()
        assert _all(world) == before
        # It is taken away like any other, and is over with that.
        permissions.unassign(member.id, role, place, **actor)
        permissions.access_requests.settle()
        assert permissions.access_requests.get(request_id).life.state == "ended"
        assert world.rows(select(Role.id).where(Role.id == role)) == []


def test_a_role_that_is_called_like_it_from_before_stops_no_grant(
    app: Flask, world: World, community: Community, member: Person
) -> None:
    with app.app_context():
        request_id, role = lent(community, member)
        permissions.access_requests.end(request_id, actor_id=community.owner.id)
    for name in (f"Access request #{request_id + 1}", f"Access request #{request_id + 1} (2)"):
        world.role(community, name=name)
    with app.app_context():
        _, role = lent(community, member)
        assert world.rows(select(Role.name).where(Role.id == role)) == [
            (f"Access request #{request_id + 1} (3)",)
        ]
        assert permissions.check_permission(member.id, PIN, "channel", community.channel_id)


def _all(world: World) -> list[Any]:
    return [
        world.rows(select(*model.__table__.c).order_by(model.id))
        for model in (Role, RoleGrant, RoleAssignment)
    ]
