"""Reading rows of rights by any condition: roles, grants, overwrites and assignments.

Checks have one statement for all of them (``rights_sql``); these are for code that reads rights in
another way: the rules for writes, reviews, and the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, null, select, type_coerce, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from yoto.permission.database.statements import role_parents, roles
from yoto.permission.loading.rights import Grant, Mark, epoch
from yoto.permission.verdict.facts import Assignment, By
from yoto.store.columns import Id
from yoto.store.models import (
    ChannelOverwrite,
    Effect,
    PermissionGroupMember,
    Role,
    RoleAssignment,
    RoleGrant,
    RoleGroupGrant,
    User,
)

Source = Session | Connection


class RoleRow(NamedTuple):
    """A role, whether in force or not.

    Attributes:
        home: the node that it belongs to, as a text; empty: it is global.
        parents: the roles that it inherits from, its first parent first.
    """

    id: int
    home: str
    parents: tuple[int, ...]
    active: bool
    is_default: bool
    name: str
    position: int = 0


def roles_of(source: Source, homes: Collection[str]) -> dict[int, RoleRow]:
    """The roles of these homes by id, in two statements; an empty text stands for global ones."""
    in_homes = roles.c.home.in_(homes)
    of = select(
        roles.c.id,
        roles.c.home,
        roles.c.parent_id,
        roles.c.active,
        roles.c.is_default,
        roles.c.name,
        roles.c.position,
    )
    found = {}
    for id_, home, parent_id, active, is_default, name, position in source.execute(
        of.where(in_homes)
    ):
        first = () if parent_id is None else (parent_id,)
        found[id_] = RoleRow(id_, home, first, bool(active), bool(is_default), name, position)
    others = select(role_parents.c.role_id, role_parents.c.parent_id).join(
        roles, roles.c.id == role_parents.c.role_id
    )
    for role_id, parent_id in source.execute(others.where(in_homes)):
        row = found.get(role_id)
        if row is not None:
            found[role_id] = row._replace(parents=(*row.parents, parent_id))
    return found


def grants_of(
    source: Source, wanted: Callable[[Any], ColumnElement[bool]]
) -> list[tuple[str, Grant]]:
    """Scopes, each with a role's grants there, by itself or through a group.

    Args:
        wanted: the condition on the rows of a model, ``RoleGrant`` or ``RoleGroupGrant``.
    """
    direct = select(
        RoleGrant.scope_key,
        RoleGrant.role_id,
        RoleGrant.permission_id,
        RoleGrant.effect == Effect.ALLOW,
        type_coerce(null(), Id),
    ).where(wanted(RoleGrant))
    inside = PermissionGroupMember.group_id == RoleGroupGrant.group_id
    by_group = (
        select(
            RoleGroupGrant.scope_key,
            RoleGroupGrant.role_id,
            PermissionGroupMember.permission_id,
            RoleGroupGrant.effect == Effect.ALLOW,
            RoleGroupGrant.group_id,
        )
        .join(PermissionGroupMember, inside)
        .where(wanted(RoleGroupGrant))
    )
    return [
        (scope, Grant(role_id, permission_id, bool(allows), group_id))
        for scope, role_id, permission_id, allows, group_id in source.execute(
            union_all(direct, by_group)
        )
    ]


def overwrites_of(source: Source, *wanted: ColumnElement[bool]) -> list[tuple[str, Mark]]:
    """Nodes, each with an overwrite there; conditions on ``ChannelOverwrite``."""
    of = ChannelOverwrite
    rows = select(
        of.place, of.role_id, of.user_id, of.team_id, of.permission_id, of.effect == Effect.ALLOW
    ).where(*wanted)
    return [
        (place, Mark(role_id, user_id, team_id, permission_id, bool(allows)))
        for place, role_id, user_id, team_id, permission_id, allows in source.execute(rows)
    ]


def assignments_of(
    source: Source, *wanted: ColumnElement[bool]
) -> Iterator[tuple[int, tuple[Assignment, ...]]]:
    """People and programs by id, each with those of their own assignments that meet the
    conditions.

    Args:
        wanted: conditions on ``RoleAssignment``, its ``Role`` and its ``User``; programs have none.
    """
    rows = _assignments(source, RoleAssignment.user_id.is_not(None), *wanted)
    for user_id, held in groupby(rows, itemgetter(0)):
        yield user_id, tuple(one for _, one in held)


def assignments_of_sets(source: Source, *wanted: ColumnElement[bool]) -> list[Assignment]:
    """The assignments of teams, everyone and the public that meet the conditions."""
    rows = _assignments(source, RoleAssignment.user_id.is_(None), *wanted)
    return [one for _, one in rows]


def _assignments(source: Source, *wanted: ColumnElement[bool]) -> Iterator[tuple[Any, Assignment]]:
    of = RoleAssignment
    rows = (
        select(
            *(of.user_id, of.subject, of.role_id, of.valid_from, of.valid_until),
            *(of.node, of.id, of.team_id),
        )
        .outerjoin(User, User.id == of.user_id)
        .join(Role, Role.id == of.role_id)
        .where(*wanted)
        .order_by(of.user_id, of.role_id, of.node, of.id)
    )
    for user_id, subject, role_id, starts, ends, node, id_, team_id in source.execute(rows):
        by = By.PUBLIC if subject == "public" else By.EVERYONE
        if user_id is not None or team_id is not None:
            by = By.OWN if user_id is not None else By.TEAM
        window = (epoch(starts), epoch(ends))
        yield user_id, Assignment(role_id, *window, node, by, id_, team_id)
