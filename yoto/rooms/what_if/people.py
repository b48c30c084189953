"""The people whose verdicts an act can change in a block of places, in doubt too many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.engine import Connection

from yoto.nodes import APPLICATIONS, PUBLIC_NUMBER, place_of_text
from yoto.permission.database.statements import (
    assignments,
    heirs_of,
    programs,
    provided,
    provides_roles,
    team_members,
    team_parents,
    users,
)
from yoto.permission.loading.loader import parameters_of
from yoto.permission.loading.places_sql import person_number
from yoto.permission.loading.rights_sql import HOME, NODES
from yoto.permission.loading.sites import Site
from yoto.permission.people.subjects import Holder
from yoto.rooms.what_if.reach import Reach
from yoto.store.columns import Id
from yoto.store.resources import ResourceType

AFTER: ColumnElement[int] = bindparam("after", type_=Id)
HOME_ID = "home_id"
HEIRS_MAX = 50  # roles whose change is shown


def heirs(connection: Connection, role_ids: Collection[int]) -> list[int]:
    """The roles and some of those that inherit from them, lowest id first."""
    found = heirs_of(role_ids)
    return list(connection.scalars(select(found.c.id).order_by(found.c.id).limit(HEIRS_MAX)))


def people_reached(
    connection: Connection, reach: Reach, sites: Sequence[Site], after: int, most: int
) -> list[int]:
    """At most ``most`` numbers beyond ``after``, in order: people, programs and the public."""
    holder, home = reach.holder, sites[0].home
    declared = next((one for one in sites[0].types if one.members is not None), None)
    if holder is not None and holder.user_id is not None:
        return [holder.user_id] if holder.user_id > after else []
    sources = (
        _of_roles(reach.roles, declared) if holder is None else _of_set(holder, home, declared)
    )
    if not sources:
        return []
    found = union(*sources).subquery()
    wanted = select(found.c.id).where(found.c.id > AFTER).order_by(found.c.id).limit(most)
    given = parameters_of(sites) | {
        "after": after,
        HOME_ID: None if home is None else place_of_text(home).id,
    }
    return list(connection.scalars(wanted, given))


def _of_set(holder: Holder, home: str | None, declared: ResourceType | None) -> list[Any]:
    """The members of a team, or of a node, or everybody."""
    if holder.team_id is not None:
        return [_members_of_teams(select(literal(holder.team_id, Id).label("team_id")))]
    if holder.home is not None:
        return [_belonging(declared)] if declared is not None and holder.home == home else []
    return _everybody(true())


def _of_roles(role_ids: Collection[int], declared: ResourceType | None) -> list[Any]:
    """The holders of the roles, and of roles that inherit from them, themselves or by a set."""
    found = heirs_of(role_ids)
    given = and_(assignments.c.role_id == found.c.id, assignments.c.node.in_(NODES))
    public = exists().where(given, assignments.c.subject == "public")
    holding = select(assignments.c.team_id.label("team_id")).where(
        assignments.c.team_id.is_not(None),
        assignments.c.role_id.in_(select(found.c.id)),
        assignments.c.node.in_(NODES),
    )
    sources = [
        select(assignments.c.user_id.label("id"))
        .join_from(found, assignments, given)
        .where(assignments.c.user_id.is_not(None)),
        _members_of_teams(holding),
        *_everybody(public),
    ]
    if provides_roles():
        held = and_(provided.c.role_id == found.c.id, provided.c.node.in_(NODES))
        sources.append(select(provided.c.user_id.label("id")).join_from(found, provided, held))
    if declared is not None:
        everyone = exists().where(given, assignments.c.subject == literal("everyone:") + HOME)
        default = exists().where(found.c.is_default == true())
        sources.append(_belonging(declared).where(or_(default, everyone)))
    return sources


def _members_of_teams(first: Any) -> Any:
    teams = first.cte("teams_reached", recursive=True)
    below = select(team_parents.c.team_id).join_from(
        teams, team_parents, team_parents.c.parent_id == teams.c.team_id
    )
    every = teams.union(below)
    return select(team_members.c.user_id.label("id")).join_from(
        every, team_members, team_members.c.team_id == every.c.team_id
    )


def _everybody(condition: ColumnElement[bool]) -> list[Any]:
    return [
        select(users.c.id.label("id")).where(condition),
        select((programs.c.id + APPLICATIONS).label("id")).where(condition),
        select(literal(PUBLIC_NUMBER, Id).label("id")).where(condition),
    ]


def _belonging(declared: ResourceType) -> Any:
    members = declared.members
    assert members is not None
    number = person_number(members.person)
    return select(number.label("id")).where(
        members.node == bindparam(HOME_ID, type_=declared.id.type),
        number.is_not(None),
        members.belonging,
    )
