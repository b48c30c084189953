"""How much judging a write costs, and that many holders change nothing about it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app.core.errors import PermissionDenied
from app.db import db
from app.extensions import permissions
from app.models import Member, RoleAssignment, User
from tests.integration.core.permission.town import Town
from tests.support.statements import count_statements
from tests.support.world import World

CROWD = 3_000


def test_a_write_reads_people_with_the_same_roles_in_one_statement(
    app: Flask, world: World, town: Town
) -> None:
    """Also where all of them stand above the actor, and none loses anything."""
    verified = world.role(town.community, "member.kick", position=9, name="verified")
    crowd = world.members(town.community, 3, verified, town.low)

    def revoke() -> int:
        with app.app_context():
            permissions.assign_permissions_to_role(town.low, ["member.kick"])
            with count_statements(app) as counted:
                permissions.revoke_permissions_from_role(
                    town.low, ["member.kick"], actor_id=town.actor.id
                )
            return len(counted)

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
