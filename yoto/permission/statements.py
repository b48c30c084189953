"""Pieces of the SQL that loads facts, shared by the loader of one user and that of many.

What bears on somebody in a place is read as one UNION ALL over a recursive CTE ``held``: the roles
they start from with all ancestors. Each row begins with its kind (``ASSIGNMENT``, ``ROLE``, ...).
Scopes and overwrite targets are looked up by the key columns (``server:7``,
``channel:3/role:9``) that the unique indexes contain: the cost follows the roles that somebody
holds, not the size of the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql.selectable import CTE, FromClause

from yoto.permission.scopes import CATEGORY, GLOBAL
from yoto.store.db import Id, UtcDateTime
from yoto.store.models import (
    EVERYONE,
    AuditRecord,
    Category,
    Channel,
    ChannelOverwrite,
    Effect,
    Member,
    PermissionGroup,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    ScopeType,
    Server,
    User,
)

ASSIGNMENT, ROLE, GRANT, OVERWRITE = range(4)

SERVER, CHANNEL = ScopeType.SERVER.value, ScopeType.CHANNEL.value
ASKABLE = (GLOBAL.kind, SERVER, CHANNEL)  # where somebody can ask what somebody may do
KINDS = (*ASKABLE, CATEGORY)


def table(model: Any) -> Table:
    """The table of a model: Core statements skip the ORM, which costs more than the query."""
    mapped: Table = model.__table__
    return mapped


servers, channels, categories = table(Server), table(Channel), table(Category)
roles, overwrites = table(Role), table(ChannelOverwrite)
grants, group_grants = table(RoleGrant), table(RoleGroupGrant)
groups, in_group = table(PermissionGroup), table(PermissionGroupMember)
users, members, assignments = table(User), table(Member), table(RoleAssignment)
audit = table(AuditRecord)

ROLE_IDS = "role_ids"  # as ``ids_in`` takes them

PLACE_ID: ColumnElement[int] = bindparam("place_id", type_=Id)
SERVER_ID: ColumnElement[int] = bindparam("server_id", type_=Id)
SERVER_SCOPE: ColumnElement[str] = bindparam("server_scope", type_=String())
CHANNEL_SCOPE: ColumnElement[str] = bindparam("channel_scope", type_=String())
ROLE_KEY: ColumnElement[str] = bindparam("role_key", type_=String())


def join_place(kind: str, start: FromClause) -> tuple[FromClause, list[ColumnElement[Any]]]:
    """Join a place to ``start``: its server's id and owner, and the category it is in sync with."""
    nothing: ColumnElement[Any] = null()
    if kind == GLOBAL.kind:
        return start, [nothing.label("server"), nothing.label("owner"), nothing.label("category")]
    if kind == SERVER:
        source: FromClause = start.outerjoin(servers, servers.c.id == PLACE_ID)
        return source, [servers.c.id, servers.c.owner_id, nothing.label("category")]
    if kind == CHANNEL:
        in_sync = and_(channels.c.synced == true(), categories.c.id == channels.c.category_id)
        source = start.outerjoin(channels, channels.c.id == PLACE_ID).outerjoin(categories, in_sync)
        server_id = channels.c.server_id
    else:
        source = start.outerjoin(categories, categories.c.id == PLACE_ID)
        server_id = categories.c.server_id
    source = source.outerjoin(servers, servers.c.id == server_id)
    return source, [servers.c.id, servers.c.owner_id, categories.c.id]


def counts_in(kind: str) -> ColumnElement[bool]:
    """The roles that can be held in a place: global ones and, in a server, its own.

    Written so that no index fits: it only filters roles that were found by id. Planners were seen
    to start from all global roles and to look up every user for each of them.
    """
    home = func.coalesce(roles.c.server_id, 0)
    return home == 0 if kind == GLOBAL.kind else home.in_([literal_column("0"), SERVER_ID])


def role_columns(source: FromClause) -> list[ColumnElement[Any]]:
    return [source.c[name] for name in ("id", "server_id", "parent_id", "active", "is_default")]


def held_roles(kind: str, first: Select[Any], *, keep_order: bool = False) -> CTE:
    """The roles of ``first``, the default role of the server, and all ancestors of active ones.

    Args:
        keep_order: look parents up one by one, by an outer join, also where the planner thinks
            that reading all roles costs less. A row of NULLs is among the roles then.
    """
    held = first.cte("held", recursive=True)
    is_parent = and_(roles.c.id == held.c.parent_id, held.c.active == true(), counts_in(kind))
    parents = select(*role_columns(roles)).join_from(held, roles, is_parent, isouter=keep_order)
    if kind == GLOBAL.kind:
        return held.union(parents)
    # The name of a default role never changes, and (server_key, name) is a unique index.
    default = select(*role_columns(roles)).where(
        roles.c.server_key == SERVER_ID, roles.c.name == EVERYONE
    )
    return held.union(default, parents)


def row(kind: int, *columns: ColumnElement[Any] | None) -> list[ColumnElement[Any]]:
    """One SELECT list of the union: its kind, five numbers, two times; NULL where not given."""
    names = ("kind", "a", "b", "c", "d", "e", "starts", "ends")
    types: tuple[Any, ...] = (Integer(), Id, Id, Id, Id, Id, UtcDateTime(), UtcDateTime())
    given = (literal_column(str(kind)), *columns)
    padded = given + (None,) * (len(names) - len(given))
    return [
        type_coerce(null() if column is None else column, type_).label(name)
        for column, type_, name in zip(padded, types, names, strict=True)
    ]


def role_rows(held: CTE) -> Select[Any]:
    """Rows ``ROLE, id, server, parent, active, is default``."""
    return select(*row(ROLE, *role_columns(held))).select_from(held)


def allows(source: Table) -> ColumnElement[Any]:
    return source.c.effect == literal_column(f"'{Effect.ALLOW.value}'")


def grant_rows(
    kind: str, held: CTE, wanted: Sequence[ColumnElement[int]] | None = None
) -> tuple[Select[Any], Select[Any]]:
    """Rows ``GRANT, role, permission, allows, in channel`` of direct and of group grants.

    Args:
        wanted: only these permissions. Then each role comes first and is looked up with them: a
            row without a permission says that it has none. A planner that is free to choose
            starts from a permission, and reads all roles of all servers that have it.
    """
    scopes: list[ColumnElement[str]] = [literal_column(f"'{GLOBAL.kind}'", String())]
    if kind != GLOBAL.kind:
        scopes.append(SERVER_SCOPE)
    if kind == CHANNEL:
        scopes.append(CHANNEL_SCOPE)

    def columns(source: Table, permission_id: ColumnElement[int]) -> list[ColumnElement[Any]]:
        in_channel = source.c.channel_id.is_not(None)
        return row(GRANT, source.c.role_id, permission_id, allows(source), in_channel)

    of_role = [grants.c.role_id == held.c.id, grants.c.scope_key.in_(scopes)]
    if wanted is not None:
        of_role.append(grants.c.permission_id.in_(wanted))
    direct = select(*columns(grants, grants.c.permission_id)).join_from(
        held, grants, and_(*of_role), isouter=wanted is not None
    )
    grouped = (
        select(*columns(group_grants, in_group.c.permission_id))
        .join_from(held, group_grants, group_grants.c.role_id == held.c.id)
        .join(in_group, in_group.c.group_id == group_grants.c.group_id)
        .where(group_grants.c.scope_key.in_(scopes))
    )
    if wanted is not None:
        grouped = grouped.where(in_group.c.permission_id.in_(wanted))
    return direct, grouped


def role_overwrite_rows(
    held: CTE, wanted: Sequence[ColumnElement[int]] | None = None
) -> Select[Any]:
    """Rows ``OVERWRITE, role, permission, allows`` of the overwrites that name a held role.

    Args:
        wanted: as in ``grant_rows``.
    """
    of_role = [overwrites.c.overwrite_key == ROLE_KEY + cast(held.c.id, String(20))]
    if wanted is not None:
        of_role.append(overwrites.c.permission_id.in_(wanted))
    columns = (held.c.id, overwrites.c.permission_id, allows(overwrites))
    return select(*row(OVERWRITE, *columns)).join_from(
        held, overwrites, and_(*of_role), isouter=wanted is not None
    )
