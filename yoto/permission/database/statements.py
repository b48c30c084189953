"""The tables that statements about rights are made of.

Any number of ids is one parameter: a JSON array that the database unpacks. An ``IN`` list of ten
thousand would be that many parameters, past SQLite's limit on many builds, and text to be made and
parsed at each call.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from flask import current_app
from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    Table,
    bindparam,
    column,
    literal,
    literal_column,
    select,
)
from sqlalchemy.sql.selectable import TableValuedAlias

from yoto.store.columns import Id
from yoto.store.declarations import declarations_of
from yoto.store.models import (
    AuditRecord,
    Channel,
    ChannelOverwrite,
    Effect,
    Member,
    PermissionGroup,
    PermissionGroupMember,
    ProgramAccount,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    RoleParent,
    RoleProvided,
    RolesAsked,
    ScopeType,
    Server,
    TeamMember,
    TeamParent,
    User,
)
from yoto.store.portable import before_steps, json_ids, last_step


def table(model: Any) -> Table:
    """The table of a model: Core statements skip the ORM, which costs more than the query."""
    mapped: Table = model.__table__
    return mapped


roles, overwrites = table(Role), table(ChannelOverwrite)
grants, group_grants = table(RoleGrant), table(RoleGroupGrant)
groups, in_group = table(PermissionGroup), table(PermissionGroupMember)
users, members, assignments = table(User), table(Member), table(RoleAssignment)
provided, roles_asked = table(RoleProvided), table(RolesAsked)
role_parents, programs = table(RoleParent), table(ProgramAccount)
team_members, team_parents = table(TeamMember), table(TeamParent)
audit = table(AuditRecord)

ROLE_IDS = "role_ids"  # as ``ids_in`` takes them


def allows(source: Table) -> ColumnElement[Any]:
    """Whether a grant or an overwrite allows."""
    return source.c.effect == literal_column(f"'{Effect.ALLOW.value}'")


def heirs_of(role_ids: Collection[int] | ColumnElement[int]) -> CTE:
    """Roles and all that inherit from one of them, with whether they are default roles: holders of
    any of them have the permissions of these roles.
    """
    columns = (roles.c.id, roles.c.is_default)
    one = isinstance(role_ids, ColumnElement)
    wanted = roles.c.id == role_ids if one else roles.c.id.in_(sorted(role_ids))
    own = before_steps(select(*columns).where(wanted))
    first = own.cte("inheriting", recursive=True)
    children = select(*columns).join_from(first, roles, roles.c.parent_id == first.c.id)
    others = select(*columns).select_from(
        first.join(role_parents, role_parents.c.parent_id == first.c.id).join(
            roles, roles.c.id == role_parents.c.role_id
        )
    )
    return first.union(children, last_step(others))


def provides_roles() -> bool:
    """Whether rows of ``provided`` count: a function of the current application provides roles.

    Readers ask it about people before they read.
    """
    return declarations_of(current_app).roles is not None


def of_community(kind: str) -> bool:
    """Whether nodes of a type are the servers or channels that are read here: an application may
    have a type of its own by one of these names.
    """
    known = {ScopeType.SERVER.value: Server, ScopeType.CHANNEL.value: Channel}
    return kind in known and known[kind].__tablename__ in declarations_of(current_app).tables


def id_rows(parameter: str) -> TableValuedAlias:
    """The ids in the JSON array ``parameter``, as a table with the column ``value``.

    Use it first in outer joins: that fixes the order. Joined freely it may end up in an inner
    loop, where it is unpacked again for each row outside.
    """
    array = json_ids(bindparam(parameter, type_=String()))
    return array.table_valued(column("value", Id), name=parameter)


def ids_in(parameter: str) -> Select[Any]:
    """The ids in the JSON array ``parameter``, as a subquery to use with ``in_``."""
    return select(id_rows(parameter).c.value)


def these_ids(ids: Iterable[int]) -> Select[Any]:
    """Ids that are known when the statement is made, as a subquery to use with ``in_``."""
    rows = json_ids(literal(id_array(ids), String()))
    return select(rows.table_valued(column("value", Id), name="known").c.value)


def id_array(ids: Iterable[int]) -> str:
    """The value of the parameter."""
    return json.dumps(list(ids))
