"""Grants of roles: reading them here, changing them through the permission system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.blueprints.naming import api_names
from app.extensions import permissions
from yoto.api.rows import existing
from yoto.errors import UnknownResource
from yoto.http.paging import Page, cut
from yoto.nodes import NodeId, Place, place_of_text
from yoto.store.db import db
from yoto.store.models import (
    Effect,
    Permission,
    PermissionGroup,
    RoleGrant,
    RoleGroupGrant,
)

# Names in the permission system of fields that the API calls otherwise.
FIELDS = {"names": "permission", "scope_type": "scope"}


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of one permission, or of one group."""

    id: int
    effect: Effect
    scope: str
    scope_id: NodeId | None
    permission: str | None = None
    group_id: int | None = None
    group: str | None = None


def grants_of(role_id: int, *, after: int | None, limit: int) -> Page[Grant]:
    """A page of the permissions that the role grants directly."""
    statement = (
        select(RoleGrant, Permission.name)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(RoleGrant.role_id == role_id, RoleGrant.id > (after or 0))
        .order_by(RoleGrant.id)
        .limit(limit + 1)
    )
    rows = [shown(row, permission=name) for row, name in db.session.execute(statement)]
    return cut(rows, limit, lambda grant: grant.id)


def group_grants_of(role_id: int, *, after: int | None, limit: int) -> Page[Grant]:
    """A page of the permission groups that the role grants."""
    statement = (
        select(RoleGroupGrant, PermissionGroup.name)
        .join(PermissionGroup, PermissionGroup.id == RoleGroupGrant.group_id)
        .where(RoleGroupGrant.role_id == role_id, RoleGroupGrant.id > (after or 0))
        .order_by(RoleGroupGrant.id)
        .limit(limit + 1)
    )
    rows = [
        shown(row, group_id=row.group_id, group=name) for row, name in db.session.execute(statement)
    ]
    return cut(rows, limit, lambda grant: grant.id)


def set_grant(actor_id: int, role_id: int, permission: str, body: Mapping[str, Any]) -> Grant:
    """Let the role allow or deny the permission in a scope; the grant as it is now.

    Raises:
        UnknownResource: it has been revoked meanwhile.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.assign_permissions_to_role``.
    """
    with api_names(FIELDS):
        receipt = permissions.assign_permissions_to_role(
            role_id,
            [permission],
            body["scope"],
            body["scope_id"],
            body["effect"],
            actor_id=actor_id,
            reason=body["reason"],
        )
    return shown(existing(RoleGrant, receipt.ids[0]), permission=permission)


def remove_grant(actor_id: int, role_id: int, permission: str, query: Mapping[str, Any]) -> None:
    """Remove the role's grant of the permission in exactly this scope.

    Raises:
        UnknownResource: there is no such grant.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.revoke_permissions_from_role``.
    """
    held = (
        select(RoleGrant.id)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(
            RoleGrant.role_id == role_id,
            RoleGrant.scope_key == _scope_key(query),
            Permission.name == permission,
        )
    )
    if db.session.scalar(held) is None:
        raise UnknownResource("grant", permission, "permission")
    with api_names(FIELDS):
        permissions.revoke_permissions_from_role(
            role_id,
            [permission],
            query["scope"],
            query["scope_id"],
            actor_id=actor_id,
            reason=query["reason"],
        )


def set_group_grant(actor_id: int, role_id: int, group_id: int, body: Mapping[str, Any]) -> Grant:
    """Let the role allow or deny all permissions of a group in a scope.

    Raises:
        UnknownResource: it has been revoked meanwhile.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.assign_group_to_role``.
    """
    with api_names(FIELDS):
        receipt = permissions.assign_group_to_role(
            group_id,
            role_id,
            body["scope"],
            body["scope_id"],
            body["effect"],
            actor_id=actor_id,
            reason=body["reason"],
        )
    row = existing(RoleGroupGrant, receipt.ids[0])
    name = existing(PermissionGroup, group_id).name
    return shown(row, group_id=group_id, group=name)


def remove_group_grant(
    actor_id: int, role_id: int, group_id: int, query: Mapping[str, Any]
) -> None:
    """Remove the role's grant of the group in exactly this scope.

    Raises:
        UnknownResource: there is no such grant.
        ValidationFailed, PermissionDenied: as ``PermissionSystem.remove_group_from_role``.
    """
    held = select(RoleGroupGrant.id).where(
        RoleGroupGrant.role_id == role_id,
        RoleGroupGrant.group_id == group_id,
        RoleGroupGrant.scope_key == _scope_key(query),
    )
    if db.session.scalar(held) is None:
        raise UnknownResource("grant", group_id, "group_id")
    with api_names(FIELDS):
        permissions.remove_group_from_role(
            group_id,
            role_id,
            query["scope"],
            query["scope_id"],
            actor_id=actor_id,
            reason=query["reason"],
        )


def _scope_key(query: Mapping[str, Any]) -> str:
    return str(Place(query["scope"], query["scope_id"]))


def shown(row: RoleGrant | RoleGroupGrant, **about: Any) -> Grant:
    """The grant in ``row``; ``about`` says of what."""
    place = place_of_text(row.scope_key)
    return Grant(row.id, row.effect, place.kind, place.id, **about)
