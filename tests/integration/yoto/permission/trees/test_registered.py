"""Resources without a class: rows of the platform, below those of an application or each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import cache, permissions
from app.models import User
from tests.support.world import Community, Person, World
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.people import subjects
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.models import Resource
from yoto.store.resources import declare_resource, types_of

READ = "file.read"


@pytest.fixture
def files(app: Flask) -> Iterator[Flask]:
    """Folders in folders, in channels; files in folders, which are for outsiders, too."""
    declare_resource(app, "folder", parent=("channel", "folder"))
    declare_resource(app, "file", parent="folder", shared="anyone")
    watch_declared(declarations_of(app).tables, types_of(app))
    with app.app_context():
        permissions.register_permission(READ, scope="file")
        yield app


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.fixture
def person(world: World, community: Community) -> Person:
    return world.member(community)


@pytest.fixture
def reader(files: Flask) -> int:
    [role] = permissions.register_role("reader").ids
    permissions.assign_permissions_to_role(role, [READ])
    return role


def reads(person: Person, file: str) -> bool:
    """Asked twice, so that the next question finds an answer in memory."""
    heard = cache.invalidate_user(10**9)
    assert cache.current.tailer.wait_until_applied(heard, 10)
    first, second = (permissions.check_permission(person.id, READ, "file", file) for _ in range(2))
    assert first == second
    return first


def test_they_are_put_moved_owned_and_deleted(
    files: Flask, community: Community, person: Person, reader: int
) -> None:
    put = permissions.put_resource
    put("folder", "plans", parent=("channel", community.channel_id))
    put("folder", "2026", parent=("folder", "plans"))
    put("folder", "attic")
    put("file", "budget.ods", parent=("folder", "2026"))
    with pytest.raises(UnknownResource):
        permissions.check_permission(person.id, READ, "file", "other.ods")

    assert not reads(person, "budget.ods")
    permissions.assign(person.id, reader, at=("folder", "plans"))
    assert reads(person, "budget.ods")
    assert permissions.list_resources(person.id, READ, "file").ids == ("budget.ods",)
    # The folder above goes elsewhere, with the file.
    put("folder", "2026", parent=("folder", "attic"))
    assert not reads(person, "budget.ods")
    put("file", "budget.ods", parent=("folder", "2026"), owner=person.id)
    assert reads(person, "budget.ods")
    put("file", "budget.ods", parent=("folder", "2026"))
    assert not reads(person, "budget.ods")
    permissions.assign(subjects.PUBLIC, reader, at=("file", "budget.ods"))
    assert reads(person, "budget.ods")
    assert permissions.check_permission(subjects.PUBLIC, READ, "file", "budget.ods")

    with pytest.raises(ValidationFailed, match="below"):
        put("folder", "plans", parent=("file", "budget.ods"))
    with pytest.raises(ValidationFailed):
        put("folder", "attic", parent=("folder", "2026"))
    permissions.delete_resource("file", "budget.ods")
    with pytest.raises(UnknownResource):
        permissions.check_permission(person.id, READ, "file", "budget.ods")
    # Somebody else's file of that name is nobody's business.
    put("file", "budget.ods", parent=("folder", "2026"))
    assert not reads(person, "budget.ods")


def test_a_folder_with_something_in_it_is_not_deleted(files: Flask) -> None:
    permissions.put_resource("folder", "plans")
    permissions.put_resource("file", "budget.ods", parent=("folder", "plans"))
    with pytest.raises(ValidationFailed) as refused:
        permissions.delete_resource("folder", "plans")
    assert list(refused.value.errors) == ["id"]
    permissions.delete_resource("file", "budget.ods")
    permissions.delete_resource("folder", "plans")


def test_moves_and_owners_are_in_the_audit_log_with_who_did_it_and_why(
    files: Flask, world: World, community: Community, person: Person
) -> None:
    put, channel = permissions.put_resource, f"channel:{community.channel_id}"
    put("folder", "plans", parent=("channel", community.channel_id))
    put("folder", "plans", parent=("channel", community.channel_id), attributes={"size": 3})
    put("folder", "attic")
    why = {"actor_id": person.id, "reason": "it is over"}
    put("folder", "plans", parent=("folder", "attic"), owner=person.id, **why)
    permissions.delete_resource("folder", "plans", **why)

    first, attic, moved = world.acts("resource.put")
    assert (first.subject, first.actor_id) == ("folder:=plans", None)
    assert (first.before, first.after) == (None, {"parent": channel, "owner_id": None})
    assert attic.after == {"parent": None, "owner_id": None}
    assert moved.before == first.after
    assert moved.after == {"parent": "folder:=attic", "owner_id": person.id}
    assert (moved.actor_id, moved.reason) == (person.id, "it is over")
    (gone,) = world.acts("resource.delete")
    assert (gone.before, gone.after, gone.reason) == (moved.after, None, "it is over")
    # The server's own log has what came into it and what left it.
    own = [act for act in world.audit(community) if act.subject == "folder:=plans"]
    assert [act.action for act in own] == ["resource.put", "resource.put"]


def test_who_may_not_act_changes_no_attributes_either(files: Flask, person: Person) -> None:
    permissions.put_resource("folder", "attic", attributes={"size": 3})
    db.session.get_one(User, person.id).disabled = True
    db.session.commit()
    for actor in (person.id, 999):
        with pytest.raises(PermissionDenied):
            permissions.put_resource(
                "folder", "attic", attributes={"size": 4}, actor_id=actor, reason="it grew"
            )
    db.session.rollback()
    assert db.session.scalars(select(Resource.attributes)).all() == [{"size": 3}]


ODD = "openfga/openfga:{x}%2F~" + "!" * 232


def test_an_id_is_any_visible_ascii_of_255_characters(
    files: Flask, community: Community, person: Person, reader: int
) -> None:
    assert len(ODD) == 255
    permissions.put_resource("folder", ODD, parent=("channel", community.channel_id))
    permissions.put_resource("file", ODD, parent=("folder", ODD))
    assert not reads(person, ODD)
    permissions.assign(person.id, reader, at=("folder", ODD))
    assert reads(person, ODD)
    assert permissions.explain(person.id, READ, "file", ODD).allowed
    assert permissions.list_resources(person.id, READ, "file").ids == (ODD,)
    assert [one.subject for one in permissions.holders("folder", ODD)]
    permissions.unassign(person.id, reader, at=("folder", ODD))
    permissions.set_overwrite(at=("file", ODD), user_id=person.id, allow=[READ])
    assert reads(person, ODD)


@pytest.mark.parametrize("bad", ["", "a b", "ä", "x" * 256, "tab\t"])
def test_another_id_is_refused_with_what_is_allowed(files: Flask, bad: str) -> None:
    with pytest.raises(ValidationFailed, match="id: must be 1 to 255 visible ASCII characters"):
        permissions.put_resource("folder", bad)


def test_an_import_may_bring_windows_that_are_over(
    files: Flask, community: Community, person: Person, reader: int
) -> None:
    permissions.put_resource("folder", "plans", parent=("channel", community.channel_id))
    over = utcnow() - timedelta(days=1)
    permissions.assign(person.id, reader, at=("folder", "plans"), valid_until=over)
    [held] = permissions.holders("folder", "plans")
    assert held.valid_until == over
    with pytest.raises(ValidationFailed, match="valid_until: is in the past"):
        permissions.assign(
            person.id, reader, at=("folder", "plans"), valid_until=over, actor_id=person.id
        )
