"""A role that is held at a node and not below it, where the type nests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import permissions
from tests.support.world import Community, Person, World
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.people.kinds import PUBLIC, Everyone, Team
from yoto.store.db import db
from yoto.store.declarations import declarations_of
from yoto.store.models import RoleAssignment
from yoto.store.resources import declare_resource, types_of

READ = "folder.read"
TOP, SUB, LEAF = ("folder", "top"), ("folder", "sub"), ("folder", "leaf")


class Cabinet:
    """Folders in folders in a server, and two of its members."""

    def __init__(self, world: World) -> None:
        self.server: Community = world.server()
        self.mara, self.tomas = world.member(self.server), world.member(self.server)
        put = permissions.put_resource
        put(*TOP, parent=("server", self.server.id))
        put(*SUB, parent=TOP)
        put(*LEAF, parent=SUB)
        [self.reader] = permissions.register_role("reader").ids
        permissions.assign_permissions_to_role(self.reader, [READ])

    def reads(self, who: Any) -> list[str]:
        """The folders that somebody reads; all ways of asking agree."""
        id_ = who.id if isinstance(who, Person) else who
        found = list(permissions.list_resources(id_, READ, "folder").ids)
        nodes = [one for one in (TOP, SUB, LEAF) if permissions.check_permission(id_, READ, *one)]
        assert sorted(found) == sorted(name for _, name in nodes)
        below = permissions.nodes_with(id_, READ, "folder", *TOP)
        assert set(below) - {TOP[1]} == {name for name in found if name != TOP[1]}
        for node in (TOP, SUB, LEAF):
            may = node in nodes
            if isinstance(who, Person):
                assert (id_ in permissions.list_users(READ, *node).ids) == may
                explained = permissions.explain(id_, READ, *node)
                assert explained.allowed == may and explained.agrees
                lines = permissions.review.who_can(READ, *node).lines
                assert (id_ in [line.user_id for line in lines]) == may
            else:
                assert (who in permissions.list_sets(READ, *node)) == may
        return [name for _, name in nodes]


@pytest.fixture
def cabinet(app: Flask, world: World) -> Iterator[Cabinet]:
    declare_resource(app, "folder", parent=["server", "folder"])
    watch_declared(declarations_of(app).tables, types_of(app))
    with app.app_context():
        permissions.register_permission(READ, scope="folder")
        yield Cabinet(world)


def test_it_counts_at_the_node_and_not_below_for_every_subject(cabinet: Cabinet) -> None:
    [team] = permissions.create_team("artists").ids
    permissions.add_team_members(team, [cabinet.tomas.id])
    for subject, who in (
        (cabinet.mara.id, cabinet.mara),
        (Team(team), cabinet.tomas),
        (Everyone("server", cabinet.server.id), cabinet.mara),
        (PUBLIC, PUBLIC),
    ):
        assert cabinet.reads(who) == []
        permissions.assign(subject, cabinet.reader, at=TOP, here_only=True)
        assert cabinet.reads(who) == ["top"]
        permissions.unassign(subject, cabinet.reader, at=TOP)
    assert cabinet.reads(cabinet.mara) == cabinet.reads(PUBLIC) == []


def test_one_assignment_is_made_narrower_and_wider(cabinet: Cabinet) -> None:
    mara = cabinet.mara
    for here_only, read in ((True, ["sub"]), (False, ["sub", "leaf"]), (True, ["sub"])):
        permissions.assign(mara.id, cabinet.reader, at=SUB, here_only=here_only)
        assert cabinet.reads(mara) == read
        [held] = permissions.holders(*SUB)
        assert (held.subject, held.here_only) == (mara.id, here_only)
    permissions.unassign(mara.id, cabinet.reader, at=SUB)
    assert cabinet.reads(mara) == [] and permissions.holders(*SUB) == []


def test_an_explanation_and_the_ways_say_that_it_is_held_there_alone(cabinet: Cabinet) -> None:
    permissions.assign(cabinet.mara.id, cabinet.reader, at=TOP, here_only=True)
    found = permissions.explain(cabinet.mara.id, READ, *TOP)
    [link] = [one for one in found.roles if one.role_id == cabinet.reader]
    assert (link.at, link.here_only) == ("folder:=top", True)
    assert "at folder:=top alone" in found.text


def test_the_history_knows_it(cabinet: Cabinet, world: World) -> None:
    permissions.assign(cabinet.mara.id, cabinet.reader, at=TOP)
    permissions.assign(cabinet.mara.id, cabinet.reader, at=TOP, here_only=True)
    assert [one.after["node"] for one in world.acts("role.assign")] == [
        "folder:=top",
        "!folder:=top",
    ]
    assert [one.before["node"] for one in world.acts("role.unassign")] == ["folder:=top"]


def test_what_if_says_what_it_would_give(cabinet: Cabinet) -> None:
    act = {
        "act": "role.assign",
        "subject": cabinet.mara.id,
        "role_id": cabinet.reader,
        "scope": "folder",
        "scope_id": "top",
        "here_only": True,
    }
    found = permissions.what_if.try_act(act)
    [change] = found.items
    places = [verdict.places for verdict in change.gained]
    assert (change.user_id, places) == (cabinet.mara.id, [("folder:=top",)])
    assert cabinet.reads(cabinet.mara) == []


def test_it_goes_with_its_node(cabinet: Cabinet) -> None:
    permissions.assign(cabinet.mara.id, cabinet.reader, at=LEAF, here_only=True)
    permissions.delete_resource(*LEAF)
    db.session.commit()
    assert db.session.query(RoleAssignment).filter(RoleAssignment.node.contains("leaf")).all() == []


def test_it_ranks_its_holder_there_and_not_below(cabinet: Cabinet) -> None:
    [chief] = permissions.register_role("chief", position=5, parent=cabinet.reader).ids
    permissions.assign(cabinet.mara.id, chief, at=TOP, here_only=True)
    permissions.assign(cabinet.mara.id, cabinet.reader, at=SUB)
    by = {"actor_id": cabinet.mara.id}
    permissions.assign(cabinet.tomas.id, cabinet.reader, at=TOP, here_only=True, **by)
    with pytest.raises(PermissionDenied) as refused:
        permissions.assign(cabinet.tomas.id, cabinet.reader, at=SUB, **by)
    assert refused.value.decision.reason == "role_too_high"


def test_it_needs_a_node(cabinet: Cabinet) -> None:
    for given, field in (({}, "here_only"), ({"at": TOP, "here_only": 1}, "here_only")):
        with pytest.raises(ValidationFailed) as refused:
            permissions.assign(cabinet.mara.id, cabinet.reader, **{"here_only": True, **given})
        assert list(refused.value.errors) == [field]
