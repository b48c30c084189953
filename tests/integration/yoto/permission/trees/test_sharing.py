"""An owner or administrator of a node shares it: above all roles there, and nowhere else."""

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
from yoto.errors import PermissionDenied
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.people.kinds import PUBLIC, Application, Everyone, Team
from yoto.store.asked import ProvidedRole
from yoto.store.declarations import declarations_of
from yoto.store.resources import declare_resource, types_of

READ, RUN = "paper.read", "project.run"
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
PAPER, PROJECT = ("paper", "plan"), ("project", "film")


class Studio:
    """A paper of ``author`` in a project of ``lead`` in a server; ``other`` is a member, too."""

    def __init__(self, world: World) -> None:
        self.server: Community = world.server()
        self.lead, self.author, self.other = (world.member(self.server) for _ in range(3))
        self.outsider: Person = world.member(world.server())
        put = permissions.put_resource
        put(*PROJECT, parent=("server", self.server.id), owner=self.lead.id)
        put(*PAPER, parent=PROJECT, owner=self.author.id)
        [self.reader] = permissions.register_role("reader").ids
        permissions.assign_permissions_to_role(self.reader, [READ])
        [self.second] = permissions.register_role("second", parent=self.reader).ids
        [self.chief] = permissions.register_role("chief", parent=self.reader).ids
        permissions.assign_permissions_to_role(self.chief, [RUN])

    def reads(self, who: Any) -> bool:
        id_ = who.id if isinstance(who, Person) else who
        return permissions.check_permission(id_, READ, *PAPER)


@pytest.fixture
def studio(app: Flask, clock: Clock, world: World) -> Iterator[Studio]:
    declare_resource(app, "project", parent="server", administrator=RUN)
    declare_resource(app, "paper", parent="project", shared="anyone")
    watch_declared(declarations_of(app).tables, types_of(app))
    clock.now = NOW.timestamp()
    with app.app_context():
        permissions.register_permission(RUN, scope="project")
        permissions.register_permission(READ, scope="paper")
        yield Studio(world)


def refused(reason: str, write: Any, *args: Any, **options: Any) -> None:
    with pytest.raises(PermissionDenied) as denied:
        write(*args, **options)
    assert denied.value.decision.reason == reason


def moderator(world: World, studio: Studio) -> Person:
    """A member who stands above all in the server who hold no role of it."""
    return world.member(studio.server, None, world.role(studio.server, position=5))


def test_an_author_shares_with_anybody_and_takes_it_back(studio: Studio, world: World) -> None:
    [team] = permissions.create_team("artists").ids
    permissions.add_team_members(team, [studio.other.id, studio.lead.id])
    for subject, who in (
        (studio.other.id, studio.other),
        (studio.outsider.id, studio.outsider),
        (Team(team), studio.other),
        (Everyone("server", studio.server.id), studio.other),
        (PUBLIC, PUBLIC),
    ):
        assert not studio.reads(who)
        permissions.assign(subject, studio.reader, at=PAPER, actor_id=studio.author.id)
        assert studio.reads(who)
        permissions.unassign(subject, studio.reader, at=PAPER, actor_id=studio.author.id)
        assert not studio.reads(who)
    acts = world.acts("role.assign") + world.acts("role.unassign")
    assert {act.actor_id for act in acts} == {studio.author.id}


def test_an_author_overwrites_for_roles_people_and_teams(studio: Studio) -> None:
    [team] = permissions.create_team("artists").ids
    permissions.add_team_members(team, [studio.other.id])
    permissions.assign(studio.other.id, studio.reader, at=PROJECT)
    by: dict[str, Any] = {"at": PAPER, "actor_id": studio.author.id}
    for target in (
        {"role_id": studio.reader},
        {"user_id": studio.other.id},
        {"team_id": team},
    ):
        assert studio.reads(studio.other)
        permissions.set_overwrite(**target, deny=[READ], **by)
        assert not studio.reads(studio.other)
        permissions.clear_overwrite(**target, **by)
    permissions.unassign(studio.other.id, studio.reader, at=PROJECT)
    permissions.set_overwrite(role_id=studio.server.everyone_id, allow=[READ], **by)
    assert studio.reads(studio.other)


def test_who_owns_nothing_there_shares_nothing(studio: Studio) -> None:
    for who in (studio.other, studio.outsider):
        permissions.assign(who.id, studio.chief, at=PAPER)
        permissions.set_overwrite(user_id=who.id, allow=[READ, RUN], at=PAPER)
        assert studio.reads(who)
    permissions.revoke_permissions_from_role(studio.chief, [RUN])
    for who in (studio.other, studio.outsider):
        by: dict[str, Any] = {"at": PAPER, "actor_id": who.id}
        refused("role_too_high", permissions.assign, PUBLIC, studio.reader, **by)
        refused("role_too_high", permissions.unassign, who.id, studio.chief, **by)
        refused(
            "role_too_high", permissions.set_overwrite, role_id=studio.reader, deny=[READ], **by
        )


def test_what_an_author_has_at_a_paper_is_no_rank_above_it(studio: Studio) -> None:
    by = studio.author.id
    for at in (PROJECT, None):
        refused("role_too_high", permissions.assign, by, studio.reader, at=at, actor_id=by)
    permissions.assign(studio.other.id, studio.reader, at=PROJECT)
    refused(
        "role_too_high",
        permissions.unassign,
        studio.other.id,
        studio.reader,
        at=PROJECT,
        actor_id=by,
    )
    assert not permissions.outranks(by, studio.other.id, ("server", studio.server.id))


def test_nothing_is_taken_from_who_owns_what_the_paper_is_in(studio: Studio) -> None:
    by: dict[str, Any] = {"at": PAPER, "actor_id": studio.author.id}
    [shut] = permissions.register_role("shut").ids
    permissions.assign_permissions_to_role(shut, [READ], effect="deny")
    permissions.assign(studio.lead.id, studio.reader, **by)
    refused("outranked", permissions.unassign, studio.lead.id, studio.reader, **by)
    refused("role_too_high", permissions.assign, studio.lead.id, shut, **by)
    refused("role_too_high", permissions.set_overwrite, user_id=studio.lead.id, deny=[READ], **by)
    # The other way round they may.
    permissions.assign(studio.author.id, studio.reader, at=PAPER)
    permissions.unassign(studio.author.id, studio.reader, at=PAPER, actor_id=studio.lead.id)
    permissions.assign(studio.other.id, shut, **by)
    permissions.assign(studio.other.id, studio.reader, **by)
    assert not studio.reads(studio.other)


def test_nothing_is_taken_from_who_outranks_an_author_in_the_server(
    studio: Studio, world: World
) -> None:
    high = moderator(world, studio)
    by: dict[str, Any] = {"at": PAPER, "actor_id": studio.author.id}
    [team] = permissions.create_team("moderators").ids
    permissions.add_team_members(team, [high.id])
    for subject in (high.id, Team(team), PUBLIC):
        permissions.assign(subject, studio.reader, **by)
        refused("outranked", permissions.unassign, subject, studio.reader, **by)
        # They have it by another way, too.
        permissions.assign(high.id, studio.second, at=PROJECT)
        permissions.unassign(subject, studio.reader, **by)
        permissions.unassign(high.id, studio.second, at=PROJECT)
    permissions.assign(high.id, studio.reader, at=PROJECT)
    for target in (
        {"role_id": studio.reader},
        {"user_id": high.id},
        {"team_id": team},
    ):
        with pytest.raises(PermissionDenied):
            permissions.set_overwrite(**target, deny=[READ], **by)
    assert studio.reads(high)


def test_a_program_above_an_author_loses_nothing_either(studio: Studio, world: World) -> None:
    [robot] = permissions.register_application("robot").ids
    [rank] = permissions.register_role("robots").ids
    permissions.assign(Application(robot), rank)
    by: dict[str, Any] = {"at": PAPER, "actor_id": studio.author.id}
    permissions.assign(PUBLIC, studio.reader, **by)
    refused("outranked", permissions.unassign, PUBLIC, studio.reader, **by)
    permissions.assign(Application(robot), studio.reader, at=PROJECT)
    permissions.unassign(PUBLIC, studio.reader, **by)


def test_who_administers_a_project_for_a_while_gives_for_no_longer(studio: Studio) -> None:
    end = NOW + timedelta(days=1)
    permissions.assign(studio.other.id, studio.chief, at=PROJECT, valid_until=end)
    by: dict[str, Any] = {"at": PAPER, "actor_id": studio.other.id}
    refused("lacks_permission", permissions.assign, PUBLIC, studio.reader, **by)
    late = end + timedelta(seconds=1)
    refused("lacks_permission", permissions.assign, PUBLIC, studio.reader, valid_until=late, **by)
    # A role that gives nothing now may give something later.
    [empty] = permissions.register_role("empty").ids
    refused("role_too_high", permissions.assign, PUBLIC, empty, **by)
    refused("role_too_high", permissions.set_overwrite, role_id=studio.reader, deny=[READ], **by)
    permissions.assign(PUBLIC, studio.reader, valid_until=end, **by)
    assert studio.reads(PUBLIC)
    permissions.unassign(PUBLIC, studio.reader, **by)


def test_who_administers_by_a_group_of_a_directory_stands_above_nobody(
    app: Flask, clock: Clock, studio: Studio
) -> None:
    def groups(ids: list[int]) -> dict[int, list[ProvidedRole]]:
        return {id_: [ProvidedRole("chief", PROJECT)] for id_ in ids if id_ == studio.other.id}

    by: dict[str, Any] = {"at": PAPER, "actor_id": studio.other.id}
    with provided(app, groups, clock):
        assert studio.reads(studio.other)
        refused("role_too_high", permissions.assign, PUBLIC, studio.reader, **by)
