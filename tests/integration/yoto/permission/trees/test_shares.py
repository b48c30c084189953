"""Sharing at a node: a declared permission gives and takes declared roles there, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.trees.tables import provided
from tests.support.world import Community, Person, World
from yoto.errors import ConfigurationError, PermissionDenied, UnknownResource
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.people.kinds import PUBLIC, Everyone, Team
from yoto.store.asked import ProvidedRole
from yoto.store.declarations import declarations_of
from yoto.store.resources import declare_resource, types_of

READ, EDIT, DELETE, SHARE = "paper.read", "paper.edit", "paper.delete", "paper.share"
RUN = "project.run"
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
PAPER, OTHER, PROJECT = ("paper", "plan"), ("paper", "other"), ("project", "film")
ROLES = {
    "viewer": (READ,),
    "editor": (READ, EDIT, SHARE),
    "keeper": (READ, EDIT, SHARE, DELETE),
    "runner": (RUN,),
}


class Studio:
    """An editor of a project of ``lead`` in a server; ``other`` and ``third`` are members, too."""

    def __init__(self, world: World) -> None:
        self.server: Community = world.server()
        self.lead, self.editor, self.other, self.third = (
            world.member(self.server) for _ in range(4)
        )
        put = permissions.put_resource
        put(*PROJECT, parent=("server", self.server.id), owner=self.lead.id)
        put(*PAPER, parent=PROJECT)
        put(*OTHER, parent=PROJECT)
        permissions.assign(self.editor.id, "editor", at=PROJECT)
        self.by: dict[str, Any] = {"at": PAPER, "actor_id": self.editor.id}

    def may(self, who: Any, permission: str = READ, at: tuple[str, str] = PAPER) -> bool:
        id_ = who.id if isinstance(who, Person) else who
        return permissions.check_permission(id_, permission, *at)


@pytest.fixture
def studio(
    app: Flask, clock: Clock, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr(declarations_of(app), "named_roles", ROLES)
    declare_resource(app, "project", parent="server", administrator=RUN)
    declare_resource(
        app, "paper", parent="project", shared="anyone", shares={SHARE: ["viewer", "editor"]}
    )
    watch_declared(declarations_of(app).tables, types_of(app))
    clock.now = NOW.timestamp()
    with app.app_context():
        permissions.register_permission(RUN, scope="project")
        for name in (READ, EDIT, DELETE, SHARE):
            permissions.register_permission(name, scope="paper")
        permissions.sync_declared_roles()
        yield Studio(world)


def refused(reason: str, write: Any, *args: Any, **options: Any) -> tuple[str, ...]:
    with pytest.raises(PermissionDenied) as denied:
        write(*args, **options)
    assert denied.value.decision.reason == reason
    return denied.value.decision.roles


def test_an_editor_shares_and_takes_back_and_cannot_delete(studio: Studio, world: World) -> None:
    outsider = world.member(world.server())
    [team] = permissions.create_team("artists").ids
    permissions.add_team_members(team, [studio.other.id])
    for subject, who in (
        (studio.other.id, studio.other),
        (outsider.id, outsider),
        (Team(team), studio.other),
        (Everyone("server", studio.server.id), studio.other),
        (PUBLIC, PUBLIC),
    ):
        for role in ("viewer", "editor"):
            permissions.assign(subject, role, **studio.by)
            assert studio.may(who, EDIT) == (role == "editor")
            permissions.unassign(subject, role, **studio.by)
            assert not studio.may(who)
    assert not studio.may(studio.editor, DELETE)
    assert not studio.may(studio.editor, RUN, PROJECT)


def test_sharing_is_for_the_listed_roles_at_nodes_of_the_type_alone(studio: Studio) -> None:
    whom = studio.other.id
    found = refused("role_too_high", permissions.assign, whom, "keeper", **studio.by)
    assert found == ("keeper", "editor")
    [own] = permissions.register_role("own", position=5).ids
    assert refused("role_too_high", permissions.assign, whom, own, **studio.by) == ()
    for at in (PROJECT, ("server", studio.server.id), None):
        by = {"at": at, "actor_id": studio.editor.id}
        refused("role_too_high", permissions.assign, whom, "editor", **by)
    deny = {"user_id": studio.lead.id, "deny": [READ]}
    refused("role_too_high", permissions.set_overwrite, **deny, **studio.by)


def test_a_sharer_gives_no_more_than_they_may_do_themselves(studio: Studio) -> None:
    permissions.set_overwrite(at=PAPER, user_id=studio.editor.id, deny=[EDIT])
    permissions.assign(studio.other.id, "viewer", **studio.by)
    refused("lacks_permission", permissions.assign, studio.other.id, "editor", **studio.by)
    # A person who reads and shares, and does not edit, shares as a viewer, also with themselves.
    permissions.set_overwrite(at=OTHER, user_id=studio.third.id, allow=[SHARE, READ])
    by = {"at": OTHER, "actor_id": studio.third.id}
    permissions.assign(studio.other.id, "viewer", **by)
    refused("lacks_permission", permissions.assign, studio.third.id, "editor", **by)


def test_a_share_does_not_outlast_the_right_to_share(studio: Studio, clock: Clock) -> None:
    until = NOW + timedelta(hours=1)
    permissions.assign(studio.third.id, "viewer", at=PROJECT)
    permissions.assign(studio.third.id, "editor", at=PAPER, valid_until=until)
    by = {"at": PAPER, "actor_id": studio.third.id}
    late = until + timedelta(seconds=1)
    refused("lacks_permission", permissions.assign, studio.other.id, "editor", **by)
    refused("role_too_high", permissions.assign, studio.other.id, "viewer", valid_until=late, **by)
    permissions.assign(studio.other.id, "viewer", valid_until=until, **by)
    clock.now = until.timestamp()
    refused("role_too_high", permissions.unassign, studio.other.id, "viewer", **by)


def test_a_sharer_takes_nothing_from_who_stands_above(studio: Studio, world: World) -> None:
    permissions.assign(studio.other.id, "keeper", at=PAPER)
    permissions.assign(studio.other.id, "editor", at=PAPER)
    permissions.unassign(studio.other.id, "editor", **studio.by)  # a keeper loses nothing by it
    permissions.assign(studio.other.id, "editor", at=PAPER)
    permissions.revoke_permissions_from_role(_id("keeper"), [EDIT])
    refused("outranked", permissions.unassign, studio.other.id, "editor", **studio.by)
    # An administrator of the project, by a role of any position, stands above those who share.
    permissions.update_role(_id("runner"), position=1)
    permissions.assign(studio.third.id, "runner", at=PROJECT)
    permissions.assign(studio.third.id, "viewer", at=PAPER)
    refused("outranked", permissions.unassign, studio.third.id, "viewer", **studio.by)


def test_a_right_to_share_that_is_provided_is_none(
    studio: Studio, app: Flask, clock: Clock
) -> None:
    roles = {studio.other.id: [ProvidedRole("editor", at=PROJECT)]}
    with provided(app, lambda ids: {one: roles.get(one, []) for one in ids}, clock):
        assert studio.may(studio.other, SHARE)
        by = {"at": PAPER, "actor_id": studio.other.id}
        refused("role_too_high", permissions.assign, studio.third.id, "viewer", **by)
        assert permissions.shared_by(studio.other.id, "viewer", PAPER) == ()


def test_it_is_known_by_what_somebody_shares_a_role(studio: Studio) -> None:
    def by(who: Person, role: Any, at: tuple[str, str] = PAPER) -> tuple[str, ...]:
        return permissions.shared_by(who.id, role, at)

    assert by(studio.editor, "viewer") == by(studio.editor, _id("editor")) == (SHARE,)
    assert by(studio.other, "viewer") == by(studio.editor, "viewer", PROJECT) == ()
    for unshared in ("keeper", _id("keeper"), "no such role", 987_654):
        assert by(studio.editor, unshared) == ()
    with pytest.raises(UnknownResource):
        by(studio.editor, "viewer", ("paper", "lost"))


def test_a_role_held_at_a_node_ranks_there_and_below_and_nowhere_else(studio: Studio) -> None:
    by = {"actor_id": studio.editor.id}
    permissions.revoke_permissions_from_role(_id("editor"), [SHARE])
    for at in (PROJECT, PAPER):
        permissions.assign(studio.other.id, "viewer", at=at, **by)
        permissions.unassign(studio.other.id, "viewer", at=at, **by)
        refused("role_too_high", permissions.assign, studio.other.id, "editor", at=at, **by)
    for at in (("server", studio.server.id), None):
        refused("role_too_high", permissions.assign, studio.other.id, "viewer", at=at, **by)
    refused("role_too_high", permissions.update_role, _id("viewer"), active=False, **by)


def test_a_role_held_at_a_node_ranks_those_who_are_to_lose_something_there(
    studio: Studio, world: World
) -> None:
    """A steward of the server, of rank 9 there, is below a keeper of the project in the project."""
    steward = world.member(studio.server, None, world.role(studio.server, position=9))
    permissions.assign(steward.id, "viewer")
    permissions.assign(steward.id, _id("editor"), at=PROJECT)
    permissions.assign(studio.other.id, "keeper", at=PROJECT)
    permissions.assign(studio.other.id, "viewer", at=PAPER)
    permissions.revoke_permissions_from_role(_id("keeper"), [READ])
    by = {"at": PAPER, "actor_id": steward.id}
    refused("outranked", permissions.unassign, studio.other.id, "viewer", **by)
    permissions.unassign(studio.other.id, "keeper", at=PROJECT)
    permissions.unassign(studio.other.id, "viewer", **by)


def test_a_rank_at_a_node_takes_nothing_from_who_administers_it(studio: Studio) -> None:
    permissions.update_role(_id("runner"), position=1)
    permissions.assign(studio.third.id, "runner", at=PROJECT)
    permissions.revoke_permissions_from_role(_id("editor"), [SHARE])
    by = {"at": PROJECT, "actor_id": studio.editor.id}
    refused("outranked", permissions.unassign, studio.third.id, "runner", **by)


def test_a_role_that_is_too_high_is_named_beside_the_own_one(studio: Studio, world: World) -> None:
    def names(actor: Person, role: Any, at: Any = PROJECT) -> tuple[str, ...]:
        give = permissions.unassign
        permissions.assign(studio.third.id, role, at=at)
        found = refused("role_too_high", give, studio.third.id, role, at=at, actor_id=actor.id)
        permissions.unassign(studio.third.id, role, at=at)
        return found

    assert names(studio.editor, "editor") == ("editor", "editor")
    assert names(studio.editor, "keeper") == ("keeper", "editor")
    assert names(studio.other, "viewer") == ("viewer",)
    [hidden] = permissions.register_role("hidden", position=9).ids
    assert names(studio.editor, hidden) == ()
    chief = world.role(studio.server, position=4)
    assert len(names(studio.editor, chief, ("server", studio.server.id))) == 1
    outsider = world.member(world.server())
    permissions.assign(studio.third.id, chief, at=("server", studio.server.id))
    # A place that somebody may not see is not there.
    with pytest.raises(UnknownResource):
        permissions.unassign(
            studio.third.id, chief, at=("server", studio.server.id), actor_id=outsider.id
        )


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({SHARE: ["viewr"]}, "shares: 'viewr' is no declared role"),
        ({SHARE: "viewer"}, "give a list of names of roles, not 'viewer'"),
        ([SHARE], "a mapping from a permission to names of roles"),
    ],
)
def test_what_cannot_be_shared_is_refused_at_start(
    studio: Studio, app: Flask, shares: Any, said: str
) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        declare_resource(app, "page", parent="project", shares=shares)
    assert said in str(wrong.value)


def _id(name: str) -> int:
    return next(one.id for one in permissions.list_registered_roles() if one.name == name)
