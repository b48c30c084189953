"""The rights of one person for some permissions, in every place at once, as one SQL table.

``layer`` is the kind of a row, and ``node`` its node:

- ``MEMBER``: the person belongs there; ``strength`` 1: and is in time-out.
- ``OWNER``: they own it.
- ``GRANT``: a role of theirs has a grant with this scope.
- ``OVERWRITE``: an overwrite is for them, a role or a team of theirs.

``home`` and ``held`` say where a role counts: at nodes of its home (empty: everywhere), and below
the node where it is held (empty: everywhere). Nearer to the person is stronger: ``strength`` is 1
for everybody, 3 for roles and teams, 5 for the person, and one more for an allow. ``reach`` says
for whom a row holds: members, anybody, or members and at shared nodes anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.selectable import CTE

from yoto.nodes import PUBLIC_NUMBER, here_only
from yoto.permission.database.statements import (
    allows,
    assignments,
    grants,
    group_grants,
    in_group,
    overwrites,
    provided,
    provides_roles,
    role_parents,
    roles,
    team_members,
    team_parents,
)
from yoto.permission.loading.places_sql import own_id
from yoto.permission.registry.registry import RegisteredPermission
from yoto.store.columns import Id
from yoto.store.models import EVERYONE, ScopeType
from yoto.store.portable import before_steps, last_step
from yoto.store.resources import ResourceTypes
from yoto.store.resources.chains import text_in_sql

Number = ColumnElement[int]

MEMBER, OWNER, GRANT, OVERWRITE = range(4)
EVERYONES, ROLES, OWN = 1, 3, 5
BELONGING, ANYBODY, SHARED = range(3)
# Strengths stay below; a level further down is stronger than all above it.
LEVEL = 8
NOWHERE = ""


def rights_of(
    types: ResourceTypes,
    user_id: int,
    wanted: Sequence[RegisteredPermission],
    now: datetime,
    outside: Collection[str],
) -> CTE:
    """The table, as a common table expression with a name of its own.

    Args:
        outside: types at whose nodes an assignment counts also for people who do not belong.
    """
    ids = [permission.id for permission in wanted]
    local = [p.id for p in wanted if p.scope != ScopeType.GLOBAL]
    belongs = _belonging(types, user_id, now)
    teams = _teams(user_id, now)
    line = _roles_in_force(user_id, belongs, teams, now, outside)
    direct = _granted(line, grants, grants.c.permission_id, ids, local)
    grouped = _granted(line, group_grants, in_group.c.permission_id, ids, local)
    rows: list[Select[Any]] = [
        direct,
        grouped.join(in_group, in_group.c.group_id == group_grants.c.group_id),
        _overwritten_for_roles(line, local),
        _overwritten(_number(OWN), local, overwrites.c.user_id == user_id),
        _overwritten(_number(ROLES), local, overwrites.c.team_id.in_(select(teams.c.team_id))),
    ]
    if belongs is not None:
        rows.append(select(*_row(belongs.c.layer, belongs.c.node, strength=belongs.c.timed_out)))
    return union_all(*rows).cte()


def _row(
    layer: Number,
    node: ColumnElement[str],
    permission_id: Number | None = None,
    strength: Number | None = None,
    home: ColumnElement[str] | None = None,
    held: ColumnElement[str] | None = None,
    reach: Number | None = None,
) -> list[ColumnElement[Any]]:
    given: dict[str, Any] = {
        "layer": layer,
        "node": node,
        "permission_id": cast(null(), Id) if permission_id is None else permission_id,
        "strength": strength,
        "home": literal(NOWHERE, String()) if home is None else home,
        "held": literal(NOWHERE, String()) if held is None else held,
        "reach": _number(ANYBODY) if reach is None else reach,
    }
    return [
        (cast(null(), Id) if column is None else column).label(name)
        for name, column in given.items()
    ]


def _number(value: int) -> Number:
    return literal_column(str(value), Integer())


def _in_force(source: Any, now: datetime) -> ColumnElement[bool]:
    # Provided roles have always begun.
    begun = [] if "valid_from" not in source else [source.valid_from]
    return and_(
        *(or_(starts.is_(None), starts <= now) for starts in begun),
        or_(source.valid_until.is_(None), source.valid_until > now),
    )


def _belonging(types: ResourceTypes, user_id: int, now: datetime) -> CTE | None:
    """Rows: layer, node, whether in time-out: the nodes that the person belongs to, and owns."""
    me = own_id(literal(user_id, Id))
    rows: list[Select[Any]] = []
    for one in types:
        members = one.members
        if members is not None:
            until = members.timeout_until
            timed_out = _number(0) if until is None else case((until > now, 1), else_=0)
            joined: Any = select(
                _number(MEMBER).label("layer"),
                text_in_sql(one, members.node).label("node"),
                timed_out.label("timed_out"),
            ).where(members.person == me, members.belonging)
            rows.append(joined)
        if one.owner is not None:
            owned: Any = select(
                _number(OWNER).label("layer"),
                text_in_sql(one, one.id).label("node"),
                _number(0).label("timed_out"),
            )
            rows.append(owned.where(one.owner == (user_id if one.registered else me)))
    return union_all(*rows).cte() if rows else None


def _teams(user_id: int, now: datetime) -> CTE:
    """The teams that the person is in now."""
    first = select(team_members.c.team_id).where(
        team_members.c.user_id == user_id, _in_force(team_members.c, now)
    )
    teams = first.cte(recursive=True)
    above = select(team_parents.c.parent_id)
    return teams.union(
        above.join_from(teams, team_parents, team_parents.c.team_id == teams.c.team_id)
    )


def _roles_in_force(
    user_id: int,
    belongs: CTE | None,
    teams: CTE,
    now: datetime,
    outside: Collection[str],
) -> CTE:
    """Step 2 of the verdict. Rows: role, its home, its parent, whether ``@everyone``; the node
    where it is held, the home of the heir that brought it, and whether it counts for outsiders.
    """

    # The type is the text before the colon.
    def reach(source: Table, *more: ColumnElement[bool]) -> ColumnElement[Any]:
        given = source.c
        colon = func.instr(given.node, ":")
        held_type = case((colon > 0, func.substr(given.node, 1, colon - 1)), else_="")
        counts = [*more, and_(given.node == NOWHERE, roles.c.home == NOWHERE)]
        if outside:
            # The node of an assignment that counts there alone begins so, and matches that node.
            alone = (here_only(one) for one in outside)
            counts.append(held_type.in_(sorted((*outside, *alone))))
        return case((or_(*counts), ANYBODY), else_=BELONGING)

    def held_by(source: Table, *more: ColumnElement[bool]) -> Select[Any]:
        return (
            select(
                roles.c.id,
                roles.c.home,
                roles.c.parent_id,
                roles.c.is_default,
                source.c.node.label("held"),
                roles.c.home.label("heir"),
                reach(source, *more).label("reach"),
            )
            .join_from(source, roles, roles.c.id == source.c.role_id)
            .where(_in_force(source.c, now), roles.c.active == true(), roles.c.is_default != true())
        )

    given = assignments.c
    whose = [given.subject == "public", given.team_id.in_(select(teams.c.team_id))]
    if user_id != PUBLIC_NUMBER:
        whose.append(given.user_id == user_id)
    homes = None
    if belongs is not None:
        homes = select(belongs.c.node).subquery()
        everyone = select(literal("everyone:", String()) + homes.c.node)
        whose.append(given.subject.in_(everyone))
    assigned = held_by(assignments, given.subject == "public").where(or_(*whose))
    also: list[Select[Any]] = []
    if provides_roles():
        also.append(held_by(provided).where(provided.c.user_id == user_id))
    if homes is None and also:
        also[-1] = before_steps(also[-1])
    elif homes is None:
        assigned = before_steps(assigned)
    line = assigned.cte(recursive=True)

    def parents(source: Any) -> Select[Any]:
        return (
            select(
                roles.c.id,
                roles.c.home,
                roles.c.parent_id,
                roles.c.is_default,
                line.c.held,
                line.c.heir,
                line.c.reach,
            )
            .select_from(source)
            .where(
                roles.c.active == true(),
                roles.c.is_default != true(),
                or_(roles.c.home == NOWHERE, roles.c.home == line.c.home),
            )
        )

    steps = [
        parents(line.join(roles, roles.c.id == line.c.parent_id)),
        last_step(
            parents(
                line.join(role_parents, role_parents.c.role_id == line.c.id).join(
                    roles, roles.c.id == role_parents.c.parent_id
                )
            )
        ),
    ]
    if homes is None:
        return line.union(*also, *steps)
    # Everybody there has it as it is: no role inherits from it, and it inherits from none.
    default = (
        select(
            roles.c.id,
            roles.c.home,
            cast(null(), Id),
            roles.c.is_default,
            literal(NOWHERE, String()),
            roles.c.home,
            _number(BELONGING),
        )
        .join_from(homes, roles, roles.c.home == homes.c.node)
        .where(roles.c.name == EVERYONE, roles.c.active == true())
    )
    return line.union(*also, before_steps(default), *steps)


def _granted(
    line: CTE, source: Table, permission_id: Number, ids: Sequence[int], local: Sequence[int]
) -> Select[Any]:
    """Grants of the roles in force."""
    # A permission of scope global counts only by a global role that is held at no particular
    # node.
    of_global = and_(line.c.home == NOWHERE, line.c.held == NOWHERE)
    return (
        select(
            *_row(
                _number(GRANT),
                source.c.scope_key,
                permission_id,
                _strength(_step(line), allows(source)),
                line.c.heir,
                line.c.held,
                line.c.reach,
            )
        )
        .join_from(line, source, source.c.role_id == line.c.id)
        .where(permission_id.in_(ids), or_(permission_id.in_(local), of_global))
    )


def _overwritten_for_roles(line: CTE, local: Sequence[int]) -> Select[Any]:
    of = overwrites.c
    return (
        select(
            *_row(
                _number(OVERWRITE),
                of.place,
                of.permission_id,
                _strength(_step(line), allows(overwrites)),
                line.c.heir,
                line.c.held,
                line.c.reach,
            )
        )
        .join_from(line, overwrites, of.role_id == line.c.id)
        .where(of.permission_id.in_(local))
    )


def _overwritten(step: Number, local: Sequence[int], whose: ColumnElement[bool]) -> Select[Any]:
    """Overwrites for the person or their teams: denials hold for everybody."""
    of = overwrites.c
    return select(
        *_row(
            _number(OVERWRITE),
            of.place,
            of.permission_id,
            _strength(step, allows(overwrites)),
            reach=case((allows(overwrites), SHARED), else_=ANYBODY),
        )
    ).where(whose, of.permission_id.in_(local))


def _step(line: CTE) -> Number:
    return case((line.c.is_default == true(), EVERYONES), else_=ROLES)


def _strength(step: Number, allow: ColumnElement[Any]) -> Number:
    return step + case((allow, 1), else_=0)
