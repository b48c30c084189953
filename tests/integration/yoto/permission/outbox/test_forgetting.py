"""Rights of somebody, or at a node, go with them: an id that comes again has nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select

from app.extensions import permissions
from app.models import Channel, User
from tests.integration.yoto.permission.outbox.conftest import Scene
from tests.support.world import Person
from yoto.store.db import db, writing
from yoto.store.models import (
    ChannelOverwrite,
    Resource,
    RoleAssignment,
    TeamMember,
)

PIN = "message.pin"


@pytest.fixture
def guest(scene: Scene) -> Person:
    """Somebody who belongs nowhere, and whom no row of the application names."""
    return scene.world.user()


def given(scene: Scene, guest: Person) -> None:
    """All that somebody may have by the platform."""
    permissions.assign(guest.id, scene.global_role)
    permissions.assign(guest.id, scene.global_role, at=("channel", scene.channel))
    permissions.set_overwrite(at=("category", scene.category), user_id=guest.id, allow=[PIN])
    [team] = permissions.create_team("editors").ids
    permissions.add_team_members(team, [guest.id])
    db.session.add(Resource(type="file", id="own", owner_id=guest.id))
    db.session.commit()


def left(guest: Person) -> list[Any]:
    """The rows that still name them."""
    found: list[Any] = []
    for model in (RoleAssignment, ChannelOverwrite, TeamMember):
        found += db.session.scalars(select(model).where(model.user_id == guest.id))
    return [*found, *db.session.scalars(select(Resource).where(Resource.owner_id == guest.id))]


def anew(guest: Person) -> User:
    """Somebody else, who gets the id."""
    return User(
        id=guest.id,
        username="another",
        password_hash="!",
        display_name="Another",
    )


@pytest.mark.parametrize("bulk", [False, True])
def test_who_is_deleted_leaves_nothing_to_whoever_gets_the_id(
    scene: Scene, guest: Person, bulk: bool
) -> None:
    with scene.world.app.app_context(), writing():
        given(scene, guest)
        assert permissions.check_permission(guest.id, "platform.view")
    with scene.touching(f"user:{guest.id}", "file:=own"):
        if bulk:
            db.session.execute(delete(User).where(User.id == guest.id))
        else:
            # Not loaded: its id alone is known when it is deleted.
            found = scene.get(User, guest.id)
            db.session.expire(found)
            db.session.delete(found)
    with scene.world.app.app_context(), writing():
        assert not left(guest)
        db.session.add(anew(guest))
        db.session.commit()
        assert not permissions.check_permission(guest.id, "platform.view")


def test_who_is_back_before_the_end_keeps_everything(scene: Scene, guest: Person) -> None:
    with scene.world.app.app_context(), writing():
        given(scene, guest)
        before = len(left(guest))
        with pytest.raises(LookupError), db.session.begin_nested():
            db.session.delete(scene.get(User, guest.id))
            db.session.flush()
            raise LookupError
        db.session.commit()
        assert len(left(guest)) == before == 5

        db.session.delete(scene.get(User, guest.id))
        db.session.flush()
        db.session.add(anew(guest))
        db.session.commit()
        assert len(left(guest)) == before


def test_a_node_that_is_back_before_the_end_keeps_everything(scene: Scene, guest: Person) -> None:
    node = f"channel:{scene.channel}"
    with scene.world.app.app_context(), writing():
        permissions.assign(guest.id, scene.global_role, at=("channel", scene.channel))
        held = select(RoleAssignment.user_id).where(RoleAssignment.node == node)
        with pytest.raises(LookupError), db.session.begin_nested():
            db.session.delete(scene.get(Channel, scene.channel))
            db.session.flush()
            raise LookupError
        db.session.commit()
        assert db.session.scalars(held).all() == [guest.id]
        db.session.delete(scene.get(Channel, scene.channel))
        db.session.commit()
        assert not db.session.scalars(held).all()
