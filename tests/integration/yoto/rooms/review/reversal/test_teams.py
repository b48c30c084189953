"""Taking back what happened to teams."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.extensions import permissions
from tests.integration.yoto.rooms.review.reversal.conftest import PAPER, READ, Papers
from yoto.permission.outbox import deletion_records
from yoto.permission.people.kinds import Application, Team
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import AuditRecord


@pytest.fixture
def team(papers: Papers, reader: int) -> int:
    """One that holds the role at the paper."""
    [team] = permissions.create_team("night shift").ids
    permissions.assign(Team(team), reader, at=PAPER)
    return team


def test_a_team_gets_and_loses_a_role(papers: Papers, reader: int) -> None:
    [team] = permissions.create_team("night shift").ids
    permissions.add_team_members(team, [papers.member])
    papers.gives(papers.member, lambda: permissions.assign(Team(team), reader, at=PAPER))
    papers.takes(papers.member, lambda: permissions.unassign(Team(team), reader, at=PAPER))


def test_who_joins_and_leaves_does_so_in_a_window(papers: Papers, team: int) -> None:
    who, later = papers.member, utcnow() + timedelta(hours=1)
    [program] = permissions.register_application("indexer").ids
    number = Application(program).number
    papers.gives(who, lambda: permissions.add_team_members(team, [who]))
    papers.gives(number, lambda: permissions.add_team_members(team, [Application(program)]))
    papers.takes(who, lambda: permissions.add_team_members(team, [who], valid_from=later))
    papers.now()
    permissions.remove_team_members(team, [who])
    assert papers.turns() == ([], []), "the window had not begun"
    papers.takes(number, lambda: permissions.remove_team_members(team, [Application(program)]))


def test_a_team_in_another_one_has_what_that_has(papers: Papers, team: int) -> None:
    [below], [lowest] = (permissions.create_team(name).ids for name in ("below", "lowest"))
    permissions.add_team_members(lowest, [papers.member])
    permissions.add_team_parent(lowest, below)
    papers.gives(papers.member, lambda: permissions.add_team_parent(below, team))
    papers.takes(papers.member, lambda: permissions.remove_team_parent(below, team))
    permissions.add_team_parent(below, team)
    papers.takes(papers.member, lambda: permissions.delete_team(below))


def test_a_deleted_team_comes_back_with_all_that_it_had(papers: Papers, team: int) -> None:
    permissions.add_team_members(team, [papers.member])
    papers.takes(papers.member, lambda: permissions.delete_team(team))
    [marked] = permissions.create_team("marked").ids
    permissions.add_team_members(marked, [papers.member])
    permissions.set_overwrite(at=PAPER, team_id=marked, allow=[READ])
    papers.takes(papers.member, lambda: permissions.delete_team(marked))


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("team.join", None, {"members": [1], "valid_from": None, "valid_until": None}),
        ("team.leave", {"members": [1]}, None),
        ("team.delete", {"name": "old"}, None),
    ],
)
def test_what_records_of_before_do_not_say_is_unknown(
    papers: Papers, action: str, before: Any, after: Any
) -> None:
    papers.now()
    db.session.add(AuditRecord(action=action, subject="team:9", before=before, after=after))
    db.session.commit()
    found = permissions.review.difference(READ, *PAPER, since=papers.since)
    assert any("does not hold" in note and "team:9" in note for note in found.unknown)


def test_more_members_than_a_record_takes_are_unknown(
    papers: Papers, team: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion_records, "KEPT_MAX", 1)
    permissions.add_team_members(team, [papers.member, papers.outsider])
    papers.now()
    permissions.delete_team(team)
    found = permissions.review.difference(READ, *PAPER, since=papers.since)
    assert any(f"does not hold members of team:{team}" in note for note in found.unknown)
