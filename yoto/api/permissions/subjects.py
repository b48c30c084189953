"""Teams, and programs that have accounts of their own.

They take the right to manage global roles, since subjects are given these; the permission system
decides which subjects the caller may change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, TypedDict, TypeVar

from sqlalchemy import select

from yoto.api.rows import existing
from yoto.errors import UnknownResource
from yoto.extensions import permissions
from yoto.http.fields import Name
from yoto.http.operation import Actor, After, Limit, Subject, Why
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.http.shapes import schema_of
from yoto.permission import require_permission, subject_of_text, subject_text
from yoto.store.columns import longest
from yoto.store.db import db
from yoto.store.models import ProgramAccount
from yoto.store.models import Team as TeamRow
from yoto.store.models import TeamParent

Row = TypeVar("Row", TeamRow, ProgramAccount)

MANAGE = require_permission("admin.roles")
TEAM = "/<int:team_id>"
MEMBER = f"{TEAM}/members/<subject>"
PARENT = f"{TEAM}/parents/<int:parent_id>"
APPLICATION = "/<int:application_id>"
TeamName = Annotated[str, partial(Name, longest(TeamRow.__table__.c.name))]
ApplicationName = Annotated[str, partial(Name, longest(ProgramAccount.__table__.c.name))]


class Team(TypedDict):
    """People and programs that hold roles together."""

    id: int
    name: str
    created_at: datetime


class TeamMember(TypedDict):
    """A member of a team, and the period of membership."""

    subject: Annotated[str, "user:42 or application:3"]
    valid_from: datetime | None
    valid_until: datetime | None


class WholeTeam(Team):
    """A team with its direct members, and the teams that it is in."""

    members: list[TeamMember]
    parents: Sequence[int]


class Application(TypedDict):
    """A program that has an account of its own."""

    id: int
    name: str
    disabled: bool
    created_at: datetime


teams = Subject(
    "teams",
    "/teams",
    "People and programs that hold roles together",
    "team",
    names={TeamRow: schema_of(Team)},
)
applications = Subject(
    "applications",
    "/applications",
    "Programs that have accounts of their own",
    "application",
    names={ProgramAccount: schema_of(Application)},
)


@teams.operation("GET", "", MANAGE)
def list_teams(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[TeamRow]:
    """All teams"""
    return _page_of_all(TeamRow, after, limit)


@teams.operation(
    "POST",
    "",
    MANAGE,
    body="NewTeam",
    once=True,
    status=201,
    location=("read_team", "id"),
    also=(409,),
)
def create_team(actor_id: Actor, name: TeamName, reason: Why = None) -> WholeTeam:
    """Make a team"""
    return read_team(permissions.create_team(name, actor_id=actor_id, reason=reason).ids[0])


@teams.operation("GET", TEAM, MANAGE, also=(404,))
def read_team(team_id: int) -> WholeTeam:
    """A team, its direct members, and the teams that it is in"""
    row = existing(TeamRow, team_id)
    parents = select(TeamParent.parent_id).where(TeamParent.team_id == team_id)
    return {
        "id": row.id,
        "name": row.name,
        "created_at": row.created_at,
        "members": [
            {
                "subject": subject_text(one.subject),
                "valid_from": one.valid_from,
                "valid_until": one.valid_until,
            }
            for one in permissions.team_members(team_id)
        ],
        "parents": db.session.scalars(parents.order_by(TeamParent.parent_id)).all(),
    }


@teams.operation(
    "DELETE",
    TEAM,
    MANAGE,
    also=(404, 409),
)
def delete_team(actor_id: Actor, team_id: int, reason: Why = None) -> None:
    """Delete a team, with the roles and overwrites that it has"""
    permissions.delete_team(team_id, actor_id=actor_id, reason=reason)


@teams.operation("PUT", MEMBER, MANAGE, body="TeamWindow", also=(404, 409))
def put_into_team(
    actor_id: Actor,
    team_id: int,
    subject: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    reason: Why = None,
) -> WholeTeam:
    """Put a person (`user:42`) or a program (`application:3`) into a team, or set their window"""
    permissions.add_team_members(
        team_id,
        [subject_of_text(subject)],
        valid_from,
        valid_until,
        actor_id=actor_id,
        reason=reason,
    )
    return read_team(team_id)


@teams.operation("DELETE", MEMBER, MANAGE, also=(404, 409))
def take_out_of_team(actor_id: Actor, team_id: int, subject: str, reason: Why = None) -> None:
    """Take a person or a program out of a team"""
    member = subject_of_text(subject)
    permissions.remove_team_members(team_id, [member], actor_id=actor_id, reason=reason)


@teams.operation("PUT", PARENT, MANAGE, also=(404, 409))
def nest_team(actor_id: Actor, team_id: int, parent_id: int, reason: Why = None) -> WholeTeam:
    """Make the members of a team members of another one, too"""
    permissions.add_team_parent(team_id, parent_id, actor_id=actor_id, reason=reason)
    return read_team(team_id)


@teams.operation("DELETE", PARENT, MANAGE, also=(404, 409))
def take_team_out(actor_id: Actor, team_id: int, parent_id: int, reason: Why = None) -> None:
    """End the membership of a team in another one"""
    permissions.remove_team_parent(team_id, parent_id, actor_id=actor_id, reason=reason)


@applications.operation("GET", "", MANAGE)
def list_applications(after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[ProgramAccount]:
    """All programs"""
    return _page_of_all(ProgramAccount, after, limit)


@applications.operation(
    "POST",
    "",
    MANAGE,
    body="NewApplication",
    once=True,
    status=201,
    also=(409,),
)
def register_application(
    actor_id: Actor, name: ApplicationName, reason: Why = None
) -> ProgramAccount:
    """Give a program an account"""
    made = permissions.register_application(name, actor_id=actor_id, reason=reason)
    return _application(made.ids[0])


@applications.operation(
    "PATCH",
    APPLICATION,
    MANAGE,
    body="Switch",
    also=(404, 409),
)
def switch_application(
    actor_id: Actor, application_id: int, disabled: bool, reason: Why = None
) -> ProgramAccount:
    """Disable a program, or enable it again"""
    permissions.set_application_disabled(application_id, disabled, actor_id=actor_id, reason=reason)
    return _application(application_id)


def _application(application_id: int) -> ProgramAccount:
    found = db.session.get(ProgramAccount, application_id)
    if found is None:
        raise UnknownResource("application", application_id)
    return found


def _page_of_all(model: type[Row], after: int | None, limit: int) -> Page[Row]:
    """A page of all teams or programs, by id."""
    statement = select(model).where(model.id > (after or 0)).order_by(model.id)
    return cut(db.session.scalars(statement.limit(limit + 1)).all(), limit, lambda row: row.id)
