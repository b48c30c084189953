"""Teams, who is in them, and teams in teams."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.permission.assignment_writes import check_window
from yoto.permission.audit import record_write
from yoto.permission.deletion_records import kept_of_team, windows_in_team
from yoto.permission.gifts import lineage
from yoto.permission.hierarchy import Authority
from yoto.permission.holdings import homes_of, of_teams
from yoto.permission.keys import SubjectId, actor_number
from yoto.permission.nesting import TOO_DEEP
from yoto.permission.not_below import check_none_above
from yoto.permission.receipt import WriteReceipt
from yoto.permission.role_rules import checked_label
from yoto.permission.rows import require
from yoto.permission.scopes import checked_id
from yoto.permission.state import get_state
from yoto.permission.subjects import Subject, holder_of
from yoto.permission.teams import are_too_deep, members_of_teams, teams_above
from yoto.permission.transactions import write
from yoto.store.models import Effect, Team, TeamMember, TeamParent

NAME_LENGTH = 100
NAME_TAKEN = {"name": "another team has this name"}


class TeamWrites:
    """The part of ``PermissionSystem`` about teams; shared arguments as in ``RoleWrites``."""

    def create_team(
        self,
        name: str,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Make a team that nobody is in; the receipt has its id."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit, NAME_TAKEN) as session:
            authority = Authority(state, session, actor_id)
            team = Team(name=checked_label(name, NAME_LENGTH))
            session.add(team)
            session.flush()
            after = {"name": team.name}
            record_write(authority, "team.create", f"team:{team.id}", None, after, reason)
        return WriteReceipt(ids=(team.id,))

    def delete_team(
        self,
        team_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Delete a team with what it holds; those who were in it lose that."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team = require(session, Team, team_id)
            authority = Authority(state, session, actor_id)
            _check_taking(authority, session, [team.id], members_of_teams(session, [team.id]))
            before = {"name": team.name} | kept_of_team(session, team.id)
            record_write(authority, "team.delete", f"team:{team.id}", before, None, reason)
            session.delete(team)
        return WriteReceipt(ids=(team_id,))

    def add_team_members(
        self,
        team_id: int,
        members: Iterable[Subject],
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let people and applications be in a team; who is in it already gets the new window."""
        actor_id = actor_number(actor_id)
        state = get_state()
        check_window(valid_from, valid_until, datetime.fromtimestamp(state.clock(), UTC))
        with write(commit) as session:
            team = require(session, Team, team_id)
            numbers = _members(session, members)
            authority = Authority(state, session, actor_id)
            until = None if valid_until is None else valid_until.timestamp()
            _check_giving(authority, session, [team.id], numbers, until)
            stored = _stored(session, team.id, numbers)
            if stored:
                _check_taking(authority, session, [team.id], set(stored))
            before = {"windows": windows_in_team(session, team.id, numbers)}
            for number in numbers:
                row = stored.get(number) or TeamMember(team_id=team.id, user_id=number)
                row.valid_from, row.valid_until = valid_from, valid_until
                session.add(row)
            after = {
                "members": numbers,
                "valid_from": valid_from.isoformat() if valid_from else None,
                "valid_until": valid_until.isoformat() if valid_until else None,
            }
            record_write(authority, "team.join", f"team:{team.id}", before, after, reason)
        return WriteReceipt(ids=(team_id,))

    def remove_team_members(
        self,
        team_id: int,
        members: Iterable[Subject],
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Take people and applications out of a team.

        Raises:
            ValidationFailed: also for somebody who is not in it (field ``members``).
        """
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team = require(session, Team, team_id)
            numbers = _members(session, members)
            stored = _stored(session, team.id, numbers)
            if len(stored) < len(numbers):
                raise ValidationFailed({"members": "somebody is not in the team"})
            authority = Authority(state, session, actor_id)
            _check_taking(authority, session, [team.id], set(numbers))
            windows = windows_in_team(session, team.id, numbers)
            for row in stored.values():
                session.delete(row)
            before = {"members": numbers, "windows": windows}
            record_write(authority, "team.leave", f"team:{team.id}", before, None, reason)
        return WriteReceipt(ids=(team_id,))

    def add_team_parent(
        self,
        team_id: int,
        parent_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Let whoever is in a team be in another one, too.

        Raises:
            ValidationFailed: field ``parent_id``: it is below the team, there already, or too deep.
        """
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            _wait_for_others(session)
            team, parent = require(session, Team, team_id), require(
                session, Team, parent_id, "parent_id"
            )
            above = teams_above(session, [parent.id])
            if team.id in above:
                raise ValidationFailed({"parent_id": "is the team itself, or below it"})
            if session.get(TeamParent, (team.id, parent.id)) is not None:
                raise ValidationFailed({"parent_id": "is a parent already"})
            if are_too_deep(session, team.id, parent.id):
                raise ValidationFailed({"parent_id": TOO_DEEP})
            authority = Authority(state, session, actor_id)
            _check_giving(authority, session, above, members_of_teams(session, [team.id]), None)
            session.add(TeamParent(team_id=team.id, parent_id=parent.id))
            after = {"parent_id": parent.id}
            record_write(authority, "team.nest", f"team:{team.id}", None, after, reason)
        return WriteReceipt(ids=(team_id,))

    def remove_team_parent(
        self,
        team_id: int,
        parent_id: int,
        *,
        actor_id: SubjectId | None = None,
        reason: str | None = None,
        commit: bool = True,
    ) -> WriteReceipt:
        """Take a team out of another one."""
        actor_id = actor_number(actor_id)
        state = get_state()
        with write(commit) as session:
            team = require(session, Team, team_id)
            row = session.get(TeamParent, (team.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no parent of the team"})
            authority = Authority(state, session, actor_id)
            above = teams_above(session, [parent_id])
            _check_taking(authority, session, above, members_of_teams(session, [team.id]))
            session.delete(row)
            before = {"parent_id": parent_id}
            record_write(authority, "team.unnest", f"team:{team.id}", before, None, reason)
        return WriteReceipt(ids=(team_id,))


def _wait_for_others(session: Session) -> None:
    """One at a time: two who nest teams could close a circle, be it through teams that neither of
    them names. To be asked first, as what is read before may be older than what the others wrote.
    """
    session.execute(select(Team.id).order_by(Team.id).limit(1).with_for_update())


def _members(session: Session, members: Iterable[Subject]) -> list[int]:
    numbers: dict[int, None] = {}
    for one in members:
        holder = holder_of(session, one, "members")
        if holder.user_id is None:
            raise ValidationFailed({"members": "people and applications, no sets"})
        numbers[holder.user_id] = None
    if not numbers:
        raise ValidationFailed({"members": "give at least one"})
    return list(numbers)


def _stored(session: Session, team_id: int, numbers: Collection[int]) -> dict[int, TeamMember]:
    rows = select(TeamMember).where(TeamMember.team_id == team_id, TeamMember.user_id.in_(numbers))
    return {row.user_id: row for row in session.scalars(rows)}


def _check_giving(
    authority: Authority,
    session: Session,
    team_ids: Collection[int],
    members: Collection[int],
    until: float | None,
) -> None:
    """The hierarchy's rules for letting people be in teams.

    Raises:
        PermissionDenied: the actor could not give them what the teams hold, or the teams deny
            something to one whom the actor does not outrank.
    """
    if authority.unbounded:
        return
    held, gifts = of_teams(authority, session, team_ids, Effect.ALLOW)
    for role, _ in held:
        authority.check_role(role)
        authority.check_giving(role.home, lineage(session, role), until)
    authority.check_gifts(gifts, until)
    denied = of_teams(authority, session, team_ids, Effect.DENY)[1]
    if any(denied.values()):
        check_none_above(authority, homes_of(session, held, denied), members)


def _check_taking(
    authority: Authority, session: Session, team_ids: Collection[int], members: Collection[int]
) -> None:
    """The hierarchy's rules for taking people out of teams; raises as above."""
    if authority.unbounded:
        return
    held, lost = of_teams(authority, session, team_ids, Effect.DENY)
    for role, _ in held:
        authority.check_role(role)
    authority.check_gifts(lost)
    allowed = of_teams(authority, session, team_ids, Effect.ALLOW)[1]
    if held or any(allowed.values()):
        # It is stricter than a look at what each of them would lose: teams have few members.
        check_none_above(authority, homes_of(session, held, allowed), members)
