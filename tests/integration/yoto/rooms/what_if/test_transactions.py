"""An act foretold in a transaction that has written already."""

from __future__ import annotations

from flask import Flask

from app.extensions import permissions
from tests.support.world import World
from yoto.store.db import db

PIN = "message.pin"


def test_what_the_caller_wrote_stays_and_reaches_those_who_remember_it(
    app: Flask, world: World
) -> None:
    server = world.server()
    role = world.role(server, PIN, name="pinner")
    member = world.member(server, None, role)
    act = {"act": "role.delete", "role_id": role}
    with app.app_context():
        assert permissions.check_permission(member.id, PIN, "server", server.id)

        permissions.revoke_roles_from_user(member.id, [role], server.id, commit=False)
        for _ in range(2):
            permissions.what_if.try_act(act)
        db.session.commit()

        assert not permissions.check_permission(member.id, PIN, "server", server.id)
