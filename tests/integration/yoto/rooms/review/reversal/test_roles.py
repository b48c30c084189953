"""Taking back acts on roles: whoever holds them, wherever, and all that goes with one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.extensions import permissions
from tests.integration.yoto.rooms.review.reversal.conftest import PAPER, PROJECT, READ, Papers
from yoto.permission.people.kinds import PUBLIC, Application, Everyone, Team
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import AuditRecord


@pytest.mark.parametrize("at", [None, PROJECT, PAPER])
def test_a_role_of_ones_own_at_a_node_comes_and_goes(papers: Papers, reader: int, at: Any) -> None:
    who = papers.member
    papers.gives(who, lambda: permissions.assign(who, reader, at=at))
    papers.takes(who, lambda: permissions.unassign(who, reader, at=at))
    papers.gives(who, lambda: permissions.assign(who, reader, at=at))


def test_another_window_is_taken_back_where_it_was_given(papers: Papers, reader: int) -> None:
    who, later = papers.member, utcnow() + timedelta(hours=1)
    permissions.assign(who, reader, at=PAPER)
    papers.takes(who, lambda: permissions.assign(who, reader, at=PAPER, valid_from=later))
    papers.gives(who, lambda: permissions.assign(who, reader, at=PAPER))
    # The same role elsewhere has a window of its own.
    permissions.assign(who, reader, at=PROJECT, valid_from=later)
    papers.now()
    permissions.unassign(who, reader, at=PROJECT)
    assert papers.turns() == ([], [])


def test_everybody_of_a_node_gets_and_loses_a_role(papers: Papers, reader: int) -> None:
    everyone = Everyone(*PROJECT)
    papers.gives(papers.member, lambda: permissions.assign(everyone, reader, at=PAPER))
    papers.takes(papers.member, lambda: permissions.unassign(everyone, reader, at=PAPER))


@pytest.mark.parametrize("at", [None, PAPER])
def test_the_public_is_whoever_there_is(papers: Papers, reader: int, at: Any) -> None:
    [program] = permissions.register_application("indexer").ids
    everybody = [papers.member, papers.outsider, Application(program).number]
    papers.now()
    permissions.assign(PUBLIC, reader, at=at)
    assert papers.turns() == ([(one, "role.assign") for one in everybody], [])
    given = papers.now()
    permissions.unassign(PUBLIC, reader, at=at)
    assert papers.turns() == ([], [(one, "role.unassign") for one in everybody])
    papers.since = given - timedelta(seconds=60)
    assert papers.turns() == ([], [])


def test_a_program_gets_and_loses_a_role(papers: Papers, reader: int) -> None:
    [id_] = permissions.register_application("indexer").ids
    program = Application(id_)
    papers.gives(program.number, lambda: permissions.assign(program, reader, at=PAPER))
    papers.takes(program.number, lambda: permissions.set_application_disabled(id_, True))
    papers.gives(program.number, lambda: permissions.set_application_disabled(id_, False))
    papers.takes(program.number, lambda: permissions.unassign(program, reader, at=PAPER))
    permissions.assign(PUBLIC, reader)
    papers.gives(
        Application(id_ + 1).number, lambda: permissions.register_application("reader of feeds")
    )


def test_a_grant_at_a_node_counts_there(papers: Papers) -> None:
    [role] = permissions.register_role("clerk", home=PROJECT).ids
    permissions.assign(papers.member, role)
    for scope in (PROJECT, PAPER):
        papers.gives(
            papers.member, lambda: permissions.assign_permissions_to_role(role, [READ], *scope)
        )
        papers.takes(
            papers.member, lambda: permissions.revoke_permissions_from_role(role, [READ], *scope)
        )


def test_overwrites_at_a_node_are_those_of_roles_people_and_teams(papers: Papers) -> None:
    [role] = permissions.register_role("clerk", home=PROJECT).ids
    [team] = permissions.create_team("night shift").ids
    permissions.assign(papers.member, role)
    permissions.add_team_members(team, [papers.member])
    for target in ({"role_id": role}, {"user_id": papers.member}, {"team_id": team}):
        papers.gives(
            papers.member, lambda: permissions.set_overwrite(at=PAPER, allow=[READ], **target)
        )
        papers.takes(papers.member, lambda: permissions.clear_overwrite(at=PAPER, **target))


def test_a_further_parent_is_one_beside_the_first(papers: Papers, reader: int) -> None:
    [clerk], [other] = (permissions.register_role(name).ids for name in ("clerk", "other"))
    permissions.assign(papers.member, clerk, at=PAPER)
    permissions.update_role(clerk, parent=other)
    papers.gives(papers.member, lambda: permissions.add_role_parent(clerk, reader))
    papers.takes(papers.member, lambda: permissions.remove_role_parent(clerk, reader))
    permissions.add_role_parent(clerk, reader)
    papers.now()
    permissions.update_role(clerk, parent=reader)
    permissions.update_role(clerk, parent=None)
    assert papers.turns() == ([], [])


def test_a_deleted_role_comes_back_to_all_who_held_it(papers: Papers, reader: int) -> None:
    [team] = permissions.create_team("night shift").ids
    permissions.add_team_members(team, [papers.member])
    for subject, at in ((papers.member, PAPER), (Team(team), PAPER), (Everyone(*PROJECT), PAPER)):
        [role] = permissions.register_role(f"clerk {subject}", home=PROJECT).ids
        permissions.add_role_parent(role, reader)
        permissions.assign(subject, role, at=at)
        papers.takes(papers.member, lambda: permissions.delete_role(role))
    [child] = permissions.register_role("child").ids
    permissions.add_role_parent(child, reader)
    permissions.assign(papers.member, child)
    papers.takes(papers.member, lambda: permissions.delete_role(reader))


def test_a_role_that_was_deleted_gave_nothing_outside_of_its_home(papers: Papers) -> None:
    [role] = permissions.register_role("clerk", home=PROJECT).ids
    permissions.assign_permissions_to_role(role, [READ])
    permissions.assign(papers.member, role)
    papers.now()
    permissions.delete_role(role)
    assert permissions.review.difference(READ, "global", since=papers.since).lost == ()


def test_what_a_role_of_long_ago_took_along_is_unknown(papers: Papers) -> None:
    papers.now()
    before = {"name": "old", "position": 1, "parent_id": None, "active": True, "grants": []}
    db.session.add(AuditRecord(action="role.delete", subject="role:999", before=before))
    db.session.commit()
    found = permissions.review.difference(READ, *PAPER, since=papers.since)
    assert any("holders, assignments, parents, children of role:999" in x for x in found.unknown)
