"""Writes of teams, their members, and teams in teams."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.permission.loading.finding import require
from yoto.permission.outbox.deletion_records import kept_of_team, windows_in_team
from yoto.permission.outbox.positions import WriteReceipt
from yoto.permission.people.subjects import Subject, holder_of
from yoto.permission.rank.delegation import role_closure
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.holdings import homes_of, of_teams
from yoto.permission.rank.not_below import check_none_above
from yoto.permission.rank.teams import TOO_DEEP, are_too_deep, members_of_teams, teams_above
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import get_state
from yoto.permission.writes.acting import WriteOptions, acting
from yoto.permission.writes.assignment_rules import check_window
from yoto.permission.writes.role_rules import checked_label
from yoto.store.models import Effect, Team, TeamMember, TeamParent

NAME_LENGTH = 100
NAME_TAKEN = {"name": "another team has this name"}


class TeamWrites:
    """Teams; shared arguments as in ``Writes``."""

    def create_team(self, name: str, **options: Unpack[WriteOptions]) -> WriteReceipt:
        """Create a team without members; the receipt has its id."""
        with acting(options, NAME_TAKEN) as act:
            act.check_actor()
            team = Team(name=checked_label(name, NAME_LENGTH))
            act.session.add(team)
            act.session.flush()
            after = {"name": team.name}
            act.record("team.create", f"team:{team.id}", None, after)
        return WriteReceipt(ids=(team.id,))

    def delete_team(self, team_id: int, **options: Unpack[WriteOptions]) -> WriteReceipt:
        """Delete a team with its roles and overwrites, which its members lose."""
        with acting(options) as act:
            team = require(act.session, Team, team_id)
            _check_taking(
                act.authority, act.session, [team.id], members_of_teams(act.session, [team.id])
            )
            before = {"name": team.name} | kept_of_team(act.session, team.id)
            act.record("team.delete", f"team:{team.id}", before, None)
            act.session.delete(team)
        return WriteReceipt(ids=(team_id,))

    def add_team_members(
        self,
        team_id: int,
        members: Iterable[Subject],
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        **options: Unpack[WriteOptions],
    ) -> WriteReceipt:
        """Add people and applications to a team; present members get the new window."""
        now = datetime.fromtimestamp(get_state().clock(), UTC)
        check_window(valid_from, valid_until, None if options.get("actor_id") is None else now)
        with acting(options) as act:
            team = require(act.session, Team, team_id)
            numbers = _members(act.session, members)
            until = None if valid_until is None else valid_until.timestamp()
            _check_giving(act.authority, act.session, [team.id], numbers, until)
            stored = _stored(act.session, team.id, numbers)
            if stored:
                _check_taking(act.authority, act.session, [team.id], set(stored))
            before = {"windows": windows_in_team(act.session, team.id, numbers)}
            for number in numbers:
                row = stored.get(number) or TeamMember(team_id=team.id, user_id=number)
                row.valid_from, row.valid_until = valid_from, valid_until
                act.session.add(row)
            after = {
                "members": numbers,
                "valid_from": valid_from.isoformat() if valid_from else None,
                "valid_until": valid_until.isoformat() if valid_until else None,
            }
            act.record("team.join", f"team:{team.id}", before, after)
        return WriteReceipt(ids=(team_id,))

    def remove_team_members(
        self, team_id: int, members: Iterable[Subject], **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Take people and applications out of a team.

        Raises:
            ValidationFailed: also for a person who is no member (field ``members``).
        """
        with acting(options) as act:
            team = require(act.session, Team, team_id)
            numbers = _members(act.session, members)
            stored = _stored(act.session, team.id, numbers)
            if len(stored) < len(numbers):
                raise ValidationFailed({"members": "somebody is not in the team"})
            _check_taking(act.authority, act.session, [team.id], set(numbers))
            windows = windows_in_team(act.session, team.id, numbers)
            for row in stored.values():
                act.session.delete(row)
            before = {"members": numbers, "windows": windows}
            act.record("team.leave", f"team:{team.id}", before, None)
        return WriteReceipt(ids=(team_id,))

    def add_team_parent(
        self, team_id: int, parent_id: int, **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Make the members of a team members of another one, too.

        Raises:
            ValidationFailed: field ``parent_id``: it is below the team, there already, or too deep.
        """
        with acting(options) as act:
            _wait_for_others(act.session)
            team, parent = require(act.session, Team, team_id), require(
                act.session, Team, parent_id, "parent_id"
            )
            above = teams_above(act.session, [parent.id])
            if team.id in above:
                raise ValidationFailed({"parent_id": "is the team itself, or below it"})
            if act.session.get(TeamParent, (team.id, parent.id)) is not None:
                raise ValidationFailed({"parent_id": "is a parent already"})
            if are_too_deep(act.session, team.id, parent.id):
                raise ValidationFailed({"parent_id": TOO_DEEP})
            _check_giving(
                act.authority, act.session, above, members_of_teams(act.session, [team.id]), None
            )
            act.session.add(TeamParent(team_id=team.id, parent_id=parent.id))
            after = {"parent_id": parent.id}
            act.record("team.nest", f"team:{team.id}", None, after)
        return WriteReceipt(ids=(team_id,))

    def remove_team_parent(
        self, team_id: int, parent_id: int, **options: Unpack[WriteOptions]
    ) -> WriteReceipt:
        """Take a team out of another one."""
        with acting(options) as act:
            team = require(act.session, Team, team_id)
            row = act.session.get(TeamParent, (team.id, checked_id(parent_id, "parent_id")))
            if row is None:
                raise ValidationFailed({"parent_id": "is no parent of the team"})
            above = teams_above(act.session, [parent_id])
            _check_taking(
                act.authority, act.session, above, members_of_teams(act.session, [team.id])
            )
            act.session.delete(row)
            before = {"parent_id": parent_id}
            act.record("team.unnest", f"team:{team.id}", before, None)
        return WriteReceipt(ids=(team_id,))


def _wait_for_others(session: Session) -> None:
    """Take turns: two writers who nest teams could close a circle, also through teams that neither
    of them names. This call comes first, as earlier reads may be older than others' writes.
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
        PermissionDenied: the actor could not give them the roles of the teams, or the teams deny
            something to one whom the actor does not outrank.
    """
    if authority.unbounded:
        return
    held, delegated = of_teams(authority, session, team_ids, Effect.ALLOW)
    for role, _ in held:
        authority.check_role(role)
        authority.check_giving(role.home, role_closure(session, role), until)
    authority.check_delegation(delegated, until)
    denied = of_teams(authority, session, team_ids, Effect.DENY)[1]
    if any(denied.values()):
        check_none_above(authority, homes_of(session, held, denied), members)


def _check_taking(
    authority: Authority, session: Session, team_ids: Collection[int], members: Collection[int]
) -> None:
    """The hierarchy's rules for taking people out of teams; raises as ``_check_giving``."""
    if authority.unbounded:
        return
    held, lost = of_teams(authority, session, team_ids, Effect.DENY)
    for role, _ in held:
        authority.check_role(role)
    authority.check_delegation(lost)
    allowed = of_teams(authority, session, team_ids, Effect.ALLOW)[1]
    if held or any(allowed.values()):
        # It is stricter than a comparison of each member's losses: teams have few members.
        check_none_above(authority, homes_of(session, held, allowed), members)
