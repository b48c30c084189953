"""The second statement of a load: all rows about some people at some nodes.

One UNION ALL over three common table expressions: the teams of a person, the assignments
that concern them (with provided ones where a function provides roles), and the roles of these
assignments with all ancestors (``held``). A row begins with its kind, and has five numbers, a node
and two times. The number of rows follows the roles that are held, not the size of the place.

Joins are outer where the order matters: a planner that is free to choose was seen to start from
all global roles, or from a permission, and to look up all people for each. Such rows are NULL where
nothing was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.selectable import CTE, CompoundSelect

from yoto.permission.database.statements import (
    allows,
    assignments,
    grants,
    group_grants,
    id_rows,
    in_group,
    overwrites,
    provided,
    role_parents,
    roles,
    team_members,
    team_parents,
)
from yoto.permission.loading.places_sql import IDS, USER_ID
from yoto.permission.verdict.facts import By
from yoto.store.columns import Id, UtcDateTime
from yoto.store.models import EVERYONE
from yoto.store.portable import before_steps, last_step

ASSIGNMENT, TEAM, ROLE, PARENT, GRANT, OVERWRITE = range(6)
NAMES = ("kind", "a", "b", "c", "d", "e", "node", "starts", "ends")
NAME_COLUMNS = ("name", "attributes")
_TYPES: tuple[Any, ...] = (
    *(Integer(), Id, Id, Id, Id, Id),
    *(String(), UtcDateTime(), UtcDateTime()),
)


def _texts(name: str) -> Any:
    return bindparam(name, type_=String(), expanding=True)


HOME: ColumnElement[str] = bindparam("home", type_=String())
# The nodes where a role may be assigned (none: ""), and those where grants may count ("global"
# for none); the node whose overwrites are in force; everybody, and all members of the home.
NODES, PLACES, CROWDS = _texts("nodes"), _texts("places"), _texts("crowds")
WANTED: Any = bindparam("wanted", type_=Id, expanding=True)
# Roles that the user does not hold.
OFFERED: Any = bindparam("offered", type_=Id, expanding=True)
# A home that no role has.
NO_HOME = "-"


def _row(kind: int, *columns: ColumnElement[Any] | None) -> list[ColumnElement[Any]]:
    given = (literal_column(str(kind)), *columns)
    padded = given + (None,) * (len(NAMES) - len(given))
    return [
        type_coerce(null() if column is None else column, type_).label(name)
        for column, type_, name in zip(padded, _TYPES, NAMES, strict=True)
    ]


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer())


def _in_home() -> ColumnElement[bool]:
    """Global roles and those of the home, written so that no index fits: it filters what was found
    by id.
    """
    return func.coalesce(roles.c.home, "").in_(["", HOME])


def _teams(many: bool) -> CTE:
    """Rows: person, team, from, until; the teams of each person, at any time."""
    of = team_members.c
    first: Select[Any] = select(
        of.user_id.label("user_id"),
        of.team_id.label("team_id"),
        of.valid_from.label("starts"),
        of.valid_until.label("ends"),
    )
    if many:
        ids = id_rows(IDS)
        first = first.join_from(ids, team_members, of.user_id == ids.c.value)
    else:
        first = first.where(of.user_id == USER_ID)
    teams = first.cte("teams", recursive=True)
    above = select(teams.c.user_id, team_parents.c.parent_id, teams.c.starts, teams.c.ends)
    return teams.union(
        above.join_from(teams, team_parents, team_parents.c.team_id == teams.c.team_id)
    )


def _found(many: bool, teams: CTE, with_provided: bool, with_names: bool) -> CTE:
    """Assignments that apply to them: user (NULL: everybody), role, how, team, node, times, id."""
    held = assignments.c

    def here(source: Table) -> ColumnElement[bool]:
        # Most assignments may be at a node, or at none: no index of nodes is to be used.
        return func.coalesce(source.c.node, "").in_(NODES)

    def more(source: Table) -> list[ColumnElement[Any]]:
        given = null() if source is not assignments else held.attributes
        return [cast(given, Text()).label("attributes")] if with_names else []

    def columns(
        user_id: ColumnElement[Any], by: ColumnElement[int], source: Table = assignments
    ) -> list[ColumnElement[Any]]:
        def own(name: str, type_: Any) -> ColumnElement[Any]:
            column = source.c.get(name)
            return type_coerce(null() if column is None else column, type_)

        return [
            type_coerce(user_id, Id).label("user_id"),
            source.c.role_id.label("role_id"),
            by.label("way"),
            own("team_id", Id).label("team_id"),
            source.c.node.label("node"),
            own("valid_from", UtcDateTime()).label("starts"),
            source.c.valid_until.label("ends"),
            own("id", Id).label("id"),
            *more(source),
        ]

    def of_people(source: Table, by: By) -> Select[Any]:
        found, at = select(*columns(source.c.user_id, _number(by), source)), here(source)
        if not many:
            return found.where(source.c.user_id == USER_ID, at)
        ids = id_rows(IDS)
        return found.select_from(ids.outerjoin(source, and_(source.c.user_id == ids.c.value, at)))

    own = [of_people(assignments, By.OWN)]
    if with_provided:
        own.append(of_people(provided, By.PROVIDER))
    public = case((held.subject == "public", _number(By.PUBLIC)), else_=_number(By.EVERYONE))
    crowds = select(*columns(null(), public)).where(held.subject.in_(CROWDS), here(assignments))
    mine = select(teams.c.team_id).distinct().subquery("mine")
    of_teams = select(*columns(null(), _number(By.TEAM))).select_from(
        mine.outerjoin(assignments, and_(held.team_id == mine.c.team_id, here(assignments)))
    )
    return union_all(*own, crowds, of_teams).cte("found")


def _held(found: CTE, asleep: bool, with_names: bool) -> CTE:
    """The roles of the assignments, the home's default role, and all ancestors of active ones.

    Args:
        asleep: begin with ``OFFERED`` too, and follow roles that are not active.
        with_names: also select their names.
    """
    shape = ("id", "parent_id", "active", "is_default", "home", *(("name",) if with_names else ()))

    def _columns(source: FromClause) -> list[ColumnElement[Any]]:
        return [source.c[name] for name in shape]

    role = and_(roles.c.id == found.c.role_id, _in_home())
    first = select(*_columns(roles)).distinct().select_from(found.outerjoin(roles, role))
    held = first.cte("held", recursive=True)
    # The name of a default role never changes, and (home, name) is a unique index.
    default = select(*_columns(roles)).where(roles.c.home == HOME, roles.c.name == EVERYONE)
    wakes = true() if asleep else held.c.active == true()
    is_parent = and_(roles.c.id == held.c.parent_id, wakes, _in_home())
    parents = select(*_columns(roles)).select_from(held.outerjoin(roles, is_parent))
    others = select(*_columns(roles)).select_from(
        held.join(role_parents, role_parents.c.role_id == held.c.id).join(
            roles, and_(roles.c.id == role_parents.c.parent_id, _in_home())
        )
    )
    steps = (parents, last_step(others.where(wakes)))
    if asleep:
        offered = select(*_columns(roles)).where(roles.c.id.in_(OFFERED), _in_home())
        return held.union(default, before_steps(offered), *steps)
    return held.union(before_steps(default), *steps)


def _granted(
    held: CTE, wanted: bool, source: Table, permission_id: ColumnElement[int]
) -> Select[Any]:
    """Rows ``GRANT, role, permission, allows, group, scope`` of direct or of group grants."""
    here = [source.c.role_id == held.c.id, source.c.scope_key.in_(NODES)]
    group = source.c.group_id if source is group_grants else null()
    columns = _row(GRANT, held.c.id, permission_id, allows(source), group, None, source.c.scope_key)
    if source is grants:
        if wanted:
            here.append(permission_id.in_(WANTED))
        return select(*columns).select_from(held.outerjoin(source, and_(*here)))
    statement = select(*columns).select_from(
        held.outerjoin(source, and_(*here)).outerjoin(
            in_group, in_group.c.group_id == source.c.group_id
        )
    )
    return statement.where(permission_id.in_(WANTED)) if wanted else statement


def _overwritten(
    source: FromClause, joined: bool, wanted: bool, *whose: ColumnElement[bool]
) -> Select[Any]:
    """Rows ``OVERWRITE, role, permission, allows, user, team, place``."""
    of = overwrites.c
    columns = _row(
        OVERWRITE,
        of.role_id,
        of.permission_id,
        allows(overwrites),
        of.user_id,
        of.team_id,
        of.place,
    )
    here = [of.place.in_(PLACES), *whose]
    if wanted:
        # The sum keeps the planner from the index of permissions, which spans all places.
        here.append((of.permission_id + literal_column("0")).in_(WANTED))
    if joined:
        return select(*columns).select_from(source.outerjoin(overwrites, and_(*here)))
    return select(*columns).where(*here)


@cache
def rights_sql(
    *,
    many: bool,
    wanted: bool = False,
    asleep: bool = False,
    with_provided: bool,
    with_names: bool = False,
) -> CompoundSelect[Any]:
    """The statement.

    Args:
        with_provided: with the roles that a function of the application provides.
        many: for the people ``IDS``, instead of ``USER_ID``.
        wanted: only the permissions ``WANTED``, instead of all.
        asleep: with roles that would count if others were active, and with ``OFFERED``.
        with_names: with two more columns: the name of a role, and the attributes of an assignment.
    """
    teams = _teams(many)
    found = _found(many, teams, with_provided, with_names)
    held = _held(found, asleep, with_names)
    of = overwrites.c
    if many:
        own = _overwritten(overwrites, False, wanted, of.user_id.is_not(None))
    else:
        own = _overwritten(overwrites, False, wanted, of.user_id == USER_ID)
    mine = select(teams.c.team_id).distinct().subquery("mine_too")
    rows: Sequence[Select[Any]] = [
        select(
            *_row(
                ASSIGNMENT,
                found.c.user_id,
                found.c.role_id,
                found.c.way,
                found.c.team_id,
                found.c.id,
                found.c.node,
                found.c.starts,
                found.c.ends,
            )
        ).where(found.c.role_id.is_not(None)),
        select(
            *_row(
                TEAM,
                teams.c.user_id,
                teams.c.team_id,
                *(None,) * 4,
                teams.c.starts,
                teams.c.ends,
            )
        ),
        select(
            *_row(
                ROLE,
                held.c.id,
                held.c.parent_id,
                held.c.active,
                held.c.is_default,
                None,
                held.c.home,
            )
        ),
        select(*_row(PARENT, role_parents.c.role_id, role_parents.c.parent_id)).join_from(
            held, role_parents, role_parents.c.role_id == held.c.id
        ),
        _granted(held, wanted, grants, grants.c.permission_id),
        _granted(held, wanted, group_grants, in_group.c.permission_id),
        _overwritten(held, True, wanted, of.role_id == held.c.id),
        own,
        _overwritten(mine, True, wanted, of.team_id == mine.c.team_id),
    ]
    if with_names:
        nothing = [null(), null()]
        more = {0: [null(), found.c.attributes], 2: [held.c.name, null()]}
        rows = [
            row.add_columns(
                *(
                    type_coerce(one, Text()).label(name)
                    for one, name in zip(more.get(n, nothing), NAME_COLUMNS, strict=True)
                )
            )
            for n, row in enumerate(rows)
        ]
    return union_all(*rows)
