"""``flask teams`` and ``flask applications``: holders of roles that are not people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from flask.cli import AppGroup
from sqlalchemy import select

from yoto.cli.operations import command
from yoto.cli.options import Moment, RowId
from yoto.cli.permission import user_id_of
from yoto.extensions import permissions
from yoto.http.operation import Reason
from yoto.permission import subject_text
from yoto.store.db import db
from yoto.store.models import ProgramAccount, Team, TeamParent

teams = AppGroup("teams", help="People and applications that hold roles together.")
applications = AppGroup("applications", help="Programs that have accounts of their own.")


@command(teams, "list")
def list_teams() -> Iterator[str]:
    """Show the teams, and the teams that they are in."""
    above: dict[int, list[str]] = {}
    for team_id, parent_id in db.session.execute(
        select(TeamParent.team_id, TeamParent.parent_id).order_by(TeamParent.parent_id)
    ):
        above.setdefault(team_id, []).append(str(parent_id))
    for team in db.session.scalars(select(Team).order_by(Team.id)):
        within = f", in {', '.join(above[team.id])}" if team.id in above else ""
        yield f"{team.id:>6}  {team.name}{within}"


@command(teams, "show <team_id>")
def show(team_id: RowId) -> Iterator[str]:
    """Show the direct members of TEAM_ID, and their periods."""
    for one in permissions.team_members(team_id):
        since = f" from {one.valid_from.isoformat()}" if one.valid_from else ""
        until = f" until {one.valid_until.isoformat()}" if one.valid_until else ""
        yield f"  {subject_text(one.subject)}{since}{until}"


@command(teams, "create <name>", writes=True)
def create(name: str, reason: Reason) -> str:
    """Make a team called NAME."""
    [team_id] = permissions.create_team(name, reason=reason).ids
    return f"Team {team_id} is {name}."


@command(teams, "delete <team_id>", writes=True)
def delete(team_id: RowId, reason: Reason) -> str:
    """Delete TEAM_ID, with the roles and overwrites that it has."""
    permissions.delete_team(team_id, reason=reason)
    return f"Team {team_id} is deleted."


@command(teams, "add <team_id> <members>", writes=True, valid_from="from", valid_until="until")
def add(
    team_id: RowId,
    members: tuple[str, ...],
    reason: Reason,
    valid_from: Annotated[datetime | None, Moment(), "From when; else at once."] = None,
    valid_until: Annotated[datetime | None, Moment(), "Until when; else for good."] = None,
) -> str:
    """Put MEMBERS (usernames, ids, application:3) into TEAM_ID; members get a new period."""
    people = [user_id_of(member) for member in members]
    permissions.add_team_members(team_id, people, valid_from, valid_until, reason=reason)
    return f"In team {team_id}: {', '.join(members)}."


@command(teams, "remove <team_id> <members>", writes=True)
def remove(team_id: RowId, members: tuple[str, ...], reason: Reason) -> str:
    """Take MEMBERS out of TEAM_ID."""
    people = [user_id_of(member) for member in members]
    permissions.remove_team_members(team_id, people, reason=reason)
    return f"In team {team_id} no more: {', '.join(members)}."


@command(teams, "nest <team_id> <parent_id>", writes=True)
def nest(
    team_id: RowId,
    parent_id: RowId,
    reason: Reason,
    no_more: Annotated[bool, "It is not any more."] = False,
) -> str:
    """Make the members of TEAM_ID members of the team PARENT_ID, too."""
    change = permissions.remove_team_parent if no_more else permissions.add_team_parent
    change(team_id, parent_id, reason=reason)
    return f"Team {team_id} is in {parent_id}{' no more' if no_more else ''}."


@command(applications, "list")
def list_applications() -> Iterator[str]:
    """Show the programs."""
    for one in db.session.scalars(select(ProgramAccount).order_by(ProgramAccount.id)):
        yield f"{one.id:>6}  {one.name}{', disabled' if one.disabled else ''}"


@command(applications, "register <name>", writes=True)
def register(name: str, reason: Reason) -> str:
    """Give a program called NAME an account."""
    [application_id] = permissions.register_application(name, reason=reason).ids
    return f"application:{application_id} is {name}."


@command(applications, "disable <application_id>", writes=True)
def disable(application_id: RowId, reason: Reason) -> str:
    """Disable APPLICATION_ID."""
    return _switch(application_id, True, reason)


@command(applications, "enable <application_id>", writes=True)
def enable(application_id: RowId, reason: Reason) -> str:
    """Enable APPLICATION_ID again."""
    return _switch(application_id, False, reason)


def _switch(application_id: int, disabled: bool, reason: str) -> str:
    permissions.set_application_disabled(application_id, disabled, reason=reason)
    return f"application:{application_id} is {'disabled' if disabled else 'enabled'}."
