"""Each use of super-admin power is in the audit log, whatever becomes of the caller's work."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.extensions import permissions
from app.models import Server
from tests.integration.yoto.permission.town import Town
from tests.support.world import World
from yoto.errors import PermissionDenied, StoreUnavailable
from yoto.permission import acting_as, require_permission
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord


def uses(world: World) -> list[tuple[int | None, int | None, str]]:
    """Each use: the actor, the server and the permission."""
    rows = world.rows(
        select(AuditRecord.actor_id, AuditRecord.server_id, AuditRecord.after)
        .where(AuditRecord.action == "super_admin.use")
        .order_by(AuditRecord.id)
    )
    return [(actor, server, after["permission"]) for actor, server, after in rows]


def test_each_use_is_recorded_with_its_server(app: Flask, world: World, town: Town) -> None:
    root = town.root.id
    with app.app_context():
        assert permissions.check_permission(root, "message.pin", "channel", town.channel)
        assert permissions.check_permission(root, "message.pin", "channel", town.channel)
        assert permissions.decide(root, "member.ban", "server", town.id).reason == "super_admin"
        assert permissions.decide(root, "platform.view").reason == "super_admin"
    assert uses(world) == [
        (root, town.id, "message.pin"),
        (root, town.id, "message.pin"),
        (root, town.id, "member.ban"),
        (root, None, "platform.view"),
    ]


def test_what_others_could_do_too_is_no_use(app: Flask, world: World, town: Town) -> None:
    root = world.member(town.community, town.root)
    owned = world.server(owner=root)
    with app.app_context():
        assert permissions.decide(root.id, "message.send", "channel", town.channel).allowed
        assert permissions.decide(root.id, "server.manage", "server", owned.id).reason == "owner"
        permissions.check_many(root.id, [("member.ban", "server", town.id)])
        permissions.batch_check_permissions([root.id], "member.ban", "server", town.id)
    assert uses(world) == []


def test_a_decorated_function_records_the_use_before_it_runs(
    app: Flask, world: World, town: Town
) -> None:
    seen = []

    @require_permission("member.ban", scope="server", scope_id="server_id")
    def ban(server_id: int) -> None:
        seen.extend(uses(world))
        raise ValueError("the work fails")

    with app.app_context():
        with acting_as(town.root.id), pytest.raises(ValueError, match="fails"):
            ban(town.id)
        with acting_as(town.outsider.id), pytest.raises(PermissionDenied):
            ban(town.id)
        db.session.rollback()
    assert seen == uses(world) == [(town.root.id, town.id, "member.ban")]


def test_a_use_outlives_a_roll_back_of_work_that_had_not_begun(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context(), writing():
        db.session.scalar(select(Server.name))
        assert permissions.check_permission(town.root.id, "member.ban", "server", town.id)
        db.session.rollback()
    assert len(uses(world)) == 1


@pytest.mark.parametrize("commits", [True, False])
def test_a_use_in_the_middle_of_work_shares_its_fate_and_never_commits_it(
    app: Flask, world: World, town: Town, commits: bool
) -> None:
    with app.app_context(), writing():
        server = db.session.get_one(Server, town.id)
        server.name = "renamed"
        assert permissions.check_permission(town.root.id, "member.ban", "server", town.id)
        if commits:
            db.session.commit()
        else:
            db.session.rollback()
    assert len(uses(world)) == int(commits)
    assert world.scalar(select(Server.name)) == ("renamed" if commits else "Harbour")


def test_work_done_past_the_session_is_not_committed_either(
    app: Flask, world: World, town: Town
) -> None:
    with app.app_context(), writing():
        db.session.connection().execute(text("UPDATE servers SET name = 'renamed'"))
        assert permissions.check_permission(town.root.id, "member.ban", "server", town.id)
        db.session.rollback()
    assert world.scalar(select(Server.name)) == "Harbour"


def test_where_the_use_cannot_be_stored_it_does_not_happen(
    app: Flask, world: World, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise StoreUnavailable("database")

    monkeypatch.setattr("yoto.permission.writes.audit._add_use", refuse)
    with app.app_context(), pytest.raises(StoreUnavailable):
        permissions.check_permission(town.root.id, "member.ban", "server", town.id)
    assert uses(world) == []
