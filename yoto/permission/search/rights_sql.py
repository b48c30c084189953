"""All that bears on one user and one permission, in every place at once, as one SQL table.

``home`` says where a row counts: in one server, or everywhere (0). ``layer`` says what it is:

- ``MEMBER``: the user belongs to server ``home``; ``strength`` 1: and is in time-out.
- ``OWNER``: they own it.
- ``BASE``: a role of theirs has a grant; ``server_id`` is its scope, NULL the global one.
- ``MARK``: an overwrite, of a channel (``channel_id``) or a category (``category_id``), or a grant
  in one channel (``granted_in``). ``server_id`` is -1, which no server has.

A row for a permission has a ``strength``, such that the strongest decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    case,
    cast,
    false,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.selectable import CTE

from yoto.permission.registry import RegisteredPermission
from yoto.permission.statements import (
    allows,
    assignments,
    grants,
    group_grants,
    in_group,
    members,
    overwrites,
    roles,
    servers,
)
from yoto.store.db import Id
from yoto.store.models import EVERYONE, ScopeType

Number = ColumnElement[int]

EVERYWHERE, NO_SERVER = 0, -1
MEMBER, OWNER, BASE, MARK = range(4)
# Strengths in ``BASE``: a deny is stronger than any allow.
GRANTED, REFUSED = 1, 2
# Strengths in ``MARK`` of a deny; an allow is stronger by one. The user's own come before those of
# roles, those before the ones of ``@everyone``.
EVERYONES, ROLES, OWN = 1, 3, 5
OWN_ALLOW = OWN + 1


def rights_of(user_id: int, wanted: Sequence[RegisteredPermission], now: datetime) -> CTE:
    """The table, as a common table expression with a name of its own."""
    mine = _memberships(user_id, now)
    line = _roles_in_force(user_id, mine, now)
    ids = [permission.id for permission in wanted]
    local = [p.id for p in wanted if p.scope != ScopeType.GLOBAL]
    belongs = select(*_row(mine.c.home, mine.c.layer, strength=mine.c.strength))
    granted = [
        _granted(line, grants, grants.c.permission_id, ids, local),
        _granted(line, group_grants, in_group.c.permission_id, ids, local),
    ]
    granted[1] = granted[1].join(in_group, in_group.c.group_id == group_grants.c.group_id)
    marked = [_overwritten_for_roles(line, local), _overwritten_for_user(user_id, local)]
    return union_all(belongs, *granted, *marked).cte()


def _row(
    home: Number,
    layer: Number,
    permission_id: Number | None = None,
    strength: Number | None = None,
    server_id: Number | None = None,
    channel_id: Number | None = None,
    category_id: Number | None = None,
    granted_in: Number | None = None,
) -> list[ColumnElement[Any]]:
    given = {
        "home": home,
        "layer": layer,
        "permission_id": permission_id,
        "strength": strength,
        "server_id": server_id,
        "channel_id": channel_id,
        "category_id": category_id,
        "granted_in": granted_in,
    }
    return [
        (cast(null(), Id) if column is None else column).label(name)
        for name, column in given.items()
    ]


def _constant(number: int) -> Number:
    return literal_column(str(number), Integer())


def _memberships(user_id: int, now: datetime) -> CTE:
    """Rows: server, ``MEMBER`` or ``OWNER``, whether in time-out."""
    timed_out = case((members.c.timeout_until > now, 1), else_=0)
    joined = select(
        members.c.server_id.label("home"),
        _constant(MEMBER).label("layer"),
        timed_out.label("strength"),
    ).where(members.c.user_id == user_id, members.c.banned == false())
    owned = select(servers.c.id, _constant(OWNER), _constant(0))
    return union_all(joined, owned.where(servers.c.owner_id == user_id)).cte()


def _roles_in_force(user_id: int, mine: CTE, now: datetime) -> CTE:
    """Step 2 of the verdict. Rows: home, role, its server, its parent, whether ``@everyone``."""
    held = assignments.c
    columns = (
        roles.c.server_key.label("home"),
        roles.c.id,
        roles.c.server_id,
        roles.c.parent_id,
        roles.c.is_default,
    )
    assigned = (
        select(*columns)
        .join_from(assignments, roles, roles.c.id == held.role_id)
        .join(mine, mine.c.home == roles.c.server_id, isouter=True)
        .where(
            held.user_id == user_id,
            or_(held.valid_from.is_(None), held.valid_from <= now),
            or_(held.valid_until.is_(None), held.valid_until > now),
            roles.c.active == true(),
            roles.c.is_default == false(),
            or_(roles.c.server_id.is_(None), mine.c.home.is_not(None)),
        )
    )
    # Everybody has it as it is: it is inherited by nothing and inherits from nothing.
    default = (
        select(*columns[:3], cast(null(), Id), roles.c.is_default)
        .join_from(mine, roles, roles.c.server_key == mine.c.home)
        .where(roles.c.name == EVERYONE, roles.c.active == true())
    )
    line = assigned.cte(recursive=True)
    parents = (
        select(line.c.home, roles.c.id, roles.c.server_id, roles.c.parent_id, roles.c.is_default)
        .join_from(line, roles, roles.c.id == line.c.parent_id)
        .where(
            roles.c.active == true(),
            roles.c.is_default == false(),
            or_(roles.c.server_id.is_(None), roles.c.server_id == line.c.server_id),
        )
    )
    return line.union(default, parents)


def _granted(
    line: CTE, source: Table, permission_id: Number, ids: Sequence[int], local: Sequence[int]
) -> Select[Any]:
    """Grants of the roles in force: ``BASE``, or ``MARK`` in a single channel."""
    in_channel = source.c.channel_id.is_not(None)
    in_base = case((allows(source), GRANTED), else_=REFUSED)
    return (
        select(
            *_row(
                line.c.home,
                case((in_channel, MARK), else_=BASE),
                permission_id,
                case((in_channel, _strength(_step(line), allows(source))), else_=in_base),
                case((in_channel, NO_SERVER), else_=source.c.server_id),
                granted_in=source.c.channel_id,
            )
        )
        .join_from(line, source, source.c.role_id == line.c.id)
        .where(
            permission_id.in_(ids),
            # A permission of scope global counts only where a global role grants it, and not in
            # single channels.
            or_(
                permission_id.in_(local),
                line.c.server_id.is_(None) & source.c.channel_id.is_(None),
            ),
        )
    )


def _overwritten_for_roles(line: CTE, local: Sequence[int]) -> Select[Any]:
    strength = _strength(_step(line), allows(overwrites))
    return (
        select(*_mark(line.c.home, strength))
        .join_from(line, overwrites, overwrites.c.role_id == line.c.id)
        .where(overwrites.c.permission_id.in_(local))
    )


def _overwritten_for_user(user_id: int, local: Sequence[int]) -> Select[Any]:
    strength = _strength(_constant(OWN), allows(overwrites))
    return select(*_mark(_constant(EVERYWHERE), strength)).where(
        overwrites.c.user_id == user_id, overwrites.c.permission_id.in_(local)
    )


def _mark(home: Number, strength: Number) -> list[ColumnElement[Any]]:
    return _row(
        home,
        _constant(MARK),
        overwrites.c.permission_id,
        strength,
        _constant(NO_SERVER),
        overwrites.c.channel_id,
        overwrites.c.category_id,
    )


def _step(line: CTE) -> Number:
    return case((line.c.is_default == true(), EVERYONES), else_=ROLES)


def _strength(step: Number, allow: ColumnElement[Any]) -> Number:
    return step + case((allow, 1), else_=0)
