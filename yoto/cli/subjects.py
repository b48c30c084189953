"""``flask teams`` and ``flask applications``: who holds roles without being a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from yoto.cli.acts import acting
from yoto.cli.options import Moment, with_reason
from yoto.cli.permission import user_id_of
from yoto.extensions import permissions
from yoto.http.fields import MAX_ID
from yoto.permission import subject_text
from yoto.store.db import db, writing
from yoto.store.models import ProgramAccount, Team, TeamParent

teams = AppGroup("teams", help="People and applications that hold roles together.")
applications = AppGroup("applications", help="Programs that have accounts of their own.")

ROW_ID = click.IntRange(1, MAX_ID)
of_team = click.argument("team_id", type=ROW_ID)
of_application = click.argument("application_id", type=ROW_ID)
of_members = click.argument("members", nargs=-1, required=True)


@teams.command("list")
def list_teams() -> None:
    """Show the teams, and which they are in."""
    above: dict[int, list[str]] = {}
    for team_id, parent_id in db.session.execute(
        select(TeamParent.team_id, TeamParent.parent_id).order_by(TeamParent.parent_id)
    ):
        above.setdefault(team_id, []).append(str(parent_id))
    for team in db.session.scalars(select(Team).order_by(Team.id)):
        within = f", in {', '.join(above[team.id])}" if team.id in above else ""
        click.echo(f"{team.id:>6}  {team.name}{within}")


@teams.command("show")
@of_team
def show(team_id: int) -> None:
    """Show who is in TEAM_ID itself, and from when to when."""
    with acting():
        for one in permissions.team_members(team_id):
            since = f" from {one.valid_from.isoformat()}" if one.valid_from else ""
            until = f" until {one.valid_until.isoformat()}" if one.valid_until else ""
            click.echo(f"  {subject_text(one.subject)}{since}{until}")


@teams.command("create")
@click.argument("name")
@with_reason
def create(name: str, reason: str) -> None:
    """Make a team called NAME."""
    with acting(), writing():
        [team_id] = permissions.create_team(name, reason=reason).ids
    click.echo(f"Team {team_id} is {name}.")


@teams.command("delete")
@of_team
@with_reason
def delete(team_id: int, reason: str) -> None:
    """Delete TEAM_ID, with what it holds."""
    with acting(), writing():
        permissions.delete_team(team_id, reason=reason)
    click.echo(f"Team {team_id} is deleted.")


@teams.command("add")
@of_team
@of_members
@click.option("--from", "valid_from", type=Moment(), help="From when; else at once.")
@click.option("--until", "valid_until", type=Moment(), help="Until when; else for good.")
@with_reason
def add(
    team_id: int,
    members: tuple[str, ...],
    valid_from: datetime | None,
    valid_until: datetime | None,
    reason: str,
) -> None:
    """Put MEMBERS (usernames, ids, application:3) into TEAM_ID; who is in it gets a new window."""
    with acting(), writing():
        permissions.add_team_members(
            team_id, _people(members), valid_from, valid_until, reason=reason
        )
    click.echo(f"In team {team_id}: {', '.join(members)}.")


@teams.command("remove")
@of_team
@of_members
@with_reason
def remove(team_id: int, members: tuple[str, ...], reason: str) -> None:
    """Take MEMBERS out of TEAM_ID."""
    with acting(), writing():
        permissions.remove_team_members(team_id, _people(members), reason=reason)
    click.echo(f"In team {team_id} no more: {', '.join(members)}.")


@teams.command("nest")
@of_team
@click.argument("parent_id", type=ROW_ID)
@click.option("--no-more", is_flag=True, help="It is not any more.")
@with_reason
def nest(team_id: int, parent_id: int, no_more: bool, reason: str) -> None:
    """Make the members of TEAM_ID members of the team PARENT_ID, too."""
    with acting(), writing():
        change = permissions.remove_team_parent if no_more else permissions.add_team_parent
        change(team_id, parent_id, reason=reason)
    click.echo(f"Team {team_id} is in {parent_id}{' no more' if no_more else ''}.")


@applications.command("list")
def list_applications() -> None:
    """Show the programs."""
    for one in db.session.scalars(select(ProgramAccount).order_by(ProgramAccount.id)):
        click.echo(f"{one.id:>6}  {one.name}{', disabled' if one.disabled else ''}")


@applications.command("register")
@click.argument("name")
@with_reason
def register(name: str, reason: str) -> None:
    """Give a program called NAME an account."""
    with acting(), writing():
        [application_id] = permissions.register_application(name, reason=reason).ids
    click.echo(f"application:{application_id} is {name}.")


@applications.command("disable")
@of_application
@with_reason
def disable(application_id: int, reason: str) -> None:
    """Let APPLICATION_ID do nothing any more."""
    _switch(application_id, True, reason)


@applications.command("enable")
@of_application
@with_reason
def enable(application_id: int, reason: str) -> None:
    """Let APPLICATION_ID do again what its roles give it."""
    _switch(application_id, False, reason)


def _switch(application_id: int, disabled: bool, reason: str) -> None:
    with acting(), writing():
        permissions.set_application_disabled(application_id, disabled, reason=reason)
    click.echo(f"application:{application_id} is {'disabled' if disabled else 'enabled'}.")


def _people(members: tuple[str, ...]) -> list[Any]:
    return [user_id_of(member) for member in members]
