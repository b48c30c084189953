"""The statements that read evidence: each for one kind of row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    distinct,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)

from yoto.permission.batch import IDS
from yoto.permission.id_list import ids_in
from yoto.permission.scopes import CATEGORY, GLOBAL
from yoto.permission.statements import (
    ASKABLE,
    CHANNEL,
    ROLE_IDS,
    allows,
    assignments,
    counts_in,
    grants,
    group_grants,
    groups,
    in_group,
    members,
    overwrites,
    role_columns,
    roles,
    users,
)
from yoto.store.db import Id

OFFERED_MAX = 20  # roles to try giving to the user; more would only make the search longer
USER_ID: ColumnElement[int] = bindparam("user_id", type_=Id)
PERMISSION_ID: ColumnElement[int] = bindparam("permission_id", type_=Id)
HOME: ColumnElement[int] = bindparam("home", type_=Id)

USERNAME = select(users.c.username).where(users.c.id == USER_ID)
USERNAMES = select(users.c.id, users.c.username).where(users.c.id.in_(ids_in(IDS)))
MEMBERS = select(func.count()).where(members.c.server_id == HOME, members.c.banned == false())


def _assigned(kind: str, whose: ColumnElement[bool], *first: ColumnElement[Any]) -> Select[Any]:
    """Rows: ``first``, role, valid from, valid until, made at."""
    columns = ("role_id", "valid_from", "valid_until", "created_at")
    return (
        select(*first, *(assignments.c[name] for name in columns))
        .join_from(assignments, roles, roles.c.id == assignments.c.role_id)
        .where(whose, counts_in(kind))
        .order_by(roles.c.position.desc(), roles.c.id)
    )


def _offered() -> Select[Any]:
    """Active roles of the server (global ones outside) with a grant or overwrite that allows."""
    direct = exists().where(
        grants.c.role_id == roles.c.id,
        grants.c.permission_id == PERMISSION_ID,
        allows(grants),
    )
    grouped = exists().where(
        group_grants.c.role_id == roles.c.id,
        allows(group_grants),
        in_group.c.group_id == group_grants.c.group_id,
        in_group.c.permission_id == PERMISSION_ID,
    )
    overwritten = exists().where(
        overwrites.c.role_id == roles.c.id,
        overwrites.c.permission_id == PERMISSION_ID,
        allows(overwrites),
    )
    held = exists().where(assignments.c.role_id == roles.c.id, assignments.c.user_id == USER_ID)
    return (
        select(roles.c.id)
        .where(
            roles.c.server_key == HOME,
            roles.c.active == true(),
            roles.c.is_default == false(),
            or_(direct, grouped, overwritten),
            ~held,
        )
        .order_by(roles.c.position, roles.c.id)
        .limit(OFFERED_MAX)
    )


def _lines(kind: str) -> Select[Any]:
    """The roles with these ids, the default role, and all ancestors, active or not."""
    columns = [*role_columns(roles), roles.c.name]
    first = select(*columns).where(
        or_(
            roles.c.id.in_(ids_in(ROLE_IDS)),
            and_(roles.c.server_key == HOME, roles.c.is_default == true()),
        )
    )
    lines = first.cte("lines", recursive=True)
    parents = select(*columns).join_from(
        lines, roles, and_(roles.c.id == lines.c.parent_id, counts_in(kind))
    )
    return select(lines.union(parents))


def _granted(kind: str) -> Any:
    """Rows: role, permission, allows, scope, group's id and name."""
    scopes: list[ColumnElement[str]] = [literal_column(f"'{GLOBAL.kind}'")]
    scopes += [bindparam("server_scope")] if kind != GLOBAL.kind else []
    scopes += [bindparam("channel_scope")] if kind == CHANNEL else []
    nothing: ColumnElement[Any] = null()
    direct = select(
        grants.c.role_id,
        grants.c.permission_id,
        allows(grants),
        grants.c.scope_key,
        nothing,
        nothing,
    ).where(grants.c.role_id.in_(ids_in(ROLE_IDS)), grants.c.scope_key.in_(scopes))
    grouped = (
        select(
            group_grants.c.role_id,
            in_group.c.permission_id,
            allows(group_grants),
            group_grants.c.scope_key,
            groups.c.id,
            groups.c.name,
        )
        .join_from(group_grants, groups, groups.c.id == group_grants.c.group_id)
        .join(in_group, in_group.c.group_id == groups.c.id)
        .where(group_grants.c.role_id.in_(ids_in(ROLE_IDS)), group_grants.c.scope_key.in_(scopes))
    )
    return union_all(direct, grouped)


def _overwritten(
    home: ColumnElement[int], whose: ColumnElement[bool], *first: ColumnElement[Any]
) -> Select[Any]:
    """Rows: ``first``, role, permission, allows; also those of the roles."""
    columns = (overwrites.c.role_id, overwrites.c.permission_id, allows(overwrites))
    concerned = or_(overwrites.c.role_id.in_(ids_in(ROLE_IDS)), whose)
    return select(*first, *columns).where(home == HOME, concerned)


def _reach() -> Select[Any]:
    """Rows: role, and how many people hold it or a role that inherits from it."""
    first = select(roles.c.id.label("root"), roles.c.id.label("id"))
    carriers = first.where(roles.c.id.in_(ids_in(ROLE_IDS))).cte("carriers", recursive=True)
    children = select(carriers.c.root, roles.c.id).join_from(
        carriers, roles, roles.c.parent_id == carriers.c.id
    )
    found = carriers.union(children)
    return (
        select(found.c.root, func.count(distinct(assignments.c.user_id)))
        .join_from(found, assignments, assignments.c.role_id == found.c.id)
        .group_by(found.c.root)
    )


_HELD_BY_ONE = assignments.c.user_id == USER_ID
_HELD_BY_MANY = assignments.c.user_id.in_(ids_in(IDS))
ASSIGNED = {kind: _assigned(kind, _HELD_BY_ONE) for kind in ASKABLE}
ASSIGNED_TO = {kind: _assigned(kind, _HELD_BY_MANY, assignments.c.user_id) for kind in ASKABLE}
OFFERED = _offered()
LINES = {kind: _lines(kind) for kind in ASKABLE}
GRANTED = {kind: _granted(kind) for kind in ASKABLE}
_OVERWRITTEN_IN = {CHANNEL: overwrites.c.channel_id, CATEGORY: overwrites.c.category_id}
_OF_ONE = overwrites.c.user_id == USER_ID
_OF_MANY = overwrites.c.user_id.in_(ids_in(IDS))
OVERWRITTEN = {kind: _overwritten(home, _OF_ONE) for kind, home in _OVERWRITTEN_IN.items()}
OVERWRITTEN_FOR = {
    kind: _overwritten(home, _OF_MANY, overwrites.c.user_id)
    for kind, home in _OVERWRITTEN_IN.items()
}
REACH = _reach()
