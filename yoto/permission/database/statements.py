"""The tables that statements about rights are made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import current_app
from sqlalchemy import CTE, ColumnElement, Table, literal_column, select

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
    first = select(*columns).where(wanted).cte("inheriting", recursive=True)
    children = select(*columns).join_from(first, roles, roles.c.parent_id == first.c.id)
    others = select(*columns).select_from(
        first.join(role_parents, role_parents.c.parent_id == first.c.id).join(
            roles, roles.c.id == role_parents.c.role_id
        )
    )
    return first.union(children, others)


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
