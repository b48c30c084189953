"""Teams and programs: read here, and changed through the permission system."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import select

from yoto.errors import UnknownResource
from yoto.extensions import permissions
from yoto.http.paging import Page, cut
from yoto.permission import subject_text
from yoto.store.db import db
from yoto.store.models import ProgramAccount, Team, TeamParent

Row = TypeVar("Row", Team, ProgramAccount)


def page_of_all(model: type[Row], *, after: int | None, limit: int) -> Page[Row]:
    """A page of all teams or programs, by id."""
    statement = select(model).where(model.id > (after or 0)).order_by(model.id)
    return cut(db.session.scalars(statement.limit(limit + 1)).all(), limit, lambda row: row.id)


def team(team_id: int) -> dict[str, Any]:
    """A team with its direct members, and the teams that it is in.

    Raises:
        UnknownResource: there is none.
    """
    row = db.session.get(Team, team_id)
    if row is None:
        raise UnknownResource("team", team_id)
    parents = select(TeamParent.parent_id).where(TeamParent.team_id == team_id)
    return {
        "id": row.id,
        "name": row.name,
        "created_at": row.created_at,
        "members": [
            one._asdict() | {"subject": subject_text(one.subject)}
            for one in permissions.team_members(team_id)
        ],
        "parents": db.session.scalars(parents.order_by(TeamParent.parent_id)).all(),
    }


def application(application_id: int) -> ProgramAccount:
    """A program.

    Raises:
        UnknownResource: there is none.
    """
    row = db.session.get(ProgramAccount, application_id)
    if row is None:
        raise UnknownResource("application", application_id)
    return row
