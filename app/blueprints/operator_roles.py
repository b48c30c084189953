"""The global roles that give rights on the platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from marshmallow.validate import OneOf
from sqlalchemy import select, union_all

from yoto.auth.operators import RIGHTS
from yoto.store.db import db
from yoto.store.models import (
    Effect,
    Permission,
    PermissionGroupMember,
    Role,
    RoleGrant,
    RoleGroupGrant,
)

OneRight = Annotated[str, OneOf(RIGHTS)]
OperatorRights = tuple[OneRight, ...]


@dataclass(frozen=True, slots=True)
class OperatorRole:
    """A global role.

    Attributes:
        rights: what it gives of ``RIGHTS``, itself or by a role above it, in their order.
    """

    id: int
    name: str
    active: bool
    rights: Annotated[OperatorRights, "Of itself or of the roles above it"]


def operator_roles() -> dict[int, OperatorRole]:
    """Every global role that gives a right on the platform, by id, lowest position first.

    Denials are left out: effective permissions are the permission system's to compute.
    """
    given = _given()
    roles = db.session.execute(
        select(Role.id, Role.name, Role.active, Role.parent_id)
        .where(Role.server_id.is_(None))
        .order_by(Role.position, Role.id)
    ).all()
    # An inactive role gives nothing, and neither does what it stands on by it.
    parents = {role.id: role.parent_id for role in roles if role.active}
    found = {}
    for role in roles:
        rights = given.get(role.id, set()).union(
            *(given.get(above, set()) for above in _line(role.id, parents))
        )
        if rights:
            ordered = tuple(name for name in RIGHTS if name in rights)
            found[role.id] = OperatorRole(role.id, role.name, role.active, ordered)
    return found


def _given() -> dict[int, set[str]]:
    """The permissions that roles are granted, directly or by a permission group, everywhere."""
    named = Permission.name.in_(RIGHTS)
    direct = (
        select(RoleGrant.role_id, Permission.name)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(named, RoleGrant.effect == Effect.ALLOW, RoleGrant.scope_key == "global")
    )
    grouped = (
        select(RoleGroupGrant.role_id, Permission.name)
        .join(PermissionGroupMember, PermissionGroupMember.group_id == RoleGroupGrant.group_id)
        .join(Permission, Permission.id == PermissionGroupMember.permission_id)
        .where(named, RoleGroupGrant.effect == Effect.ALLOW, RoleGroupGrant.scope_key == "global")
    )
    found: dict[int, set[str]] = defaultdict(set)
    for role_id, name in db.session.execute(union_all(direct, grouped)):
        found[role_id].add(name)
    return found


def _line(role_id: int, parents: Mapping[int, int | None]) -> set[int]:
    line: set[int] = set()
    current: int | None = role_id
    while current is not None and current not in line:
        line.add(current)
        current = parents.get(current)
    return line
