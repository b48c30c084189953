"""Permissions that roles allow and deny: single ones, and groups of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import marshmallow as ma
from marshmallow.validate import OneOf
from sqlalchemy import Select, select

from app.blueprints.naming import api_names
from app.blueprints.roles.access import MANAGE, needs_role_right
from app.extensions import permissions
from yoto.api.permissions.checks.schemas import PlaceQuery, PlaceSchema
from yoto.api.rows import existing
from yoto.errors import UnknownResource
from yoto.http.fields import ReasonSchema, TypeName
from yoto.http.operation import Actor, After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.nodes import GLOBAL_KIND, NodeId, Place, place_of_text
from yoto.store.db import db
from yoto.store.models import (
    Effect,
    Permission,
    PermissionGroup,
    RoleGrant,
    RoleGroupGrant,
)

OF_ROLE = "/roles/<int:role_id>/grants"
GROUPS_OF_ROLE = "/roles/<int:role_id>/groups"
EFFECTS = [effect.value for effect in Effect]
SCOPE_MEANING = "global: wherever the role is held; a server's role is held only there"
# Names in the permission system of fields that the API calls otherwise.
FIELDS = {"names": "permission", "scope_type": "scope"}
_manages_role = needs_role_right(MANAGE)

grants = Subject("grants", "", "What roles allow and deny", "grant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoped:
    """An effect in a scope."""

    id: int
    effect: Annotated[str, OneOf(EFFECTS)]
    scope: Annotated[str, SCOPE_MEANING]
    scope_id: NodeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Scoped):
    """One permission that a role allows or denies in a scope."""

    permission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGrant(Scoped):
    """A permission group that a role allows or denies in a scope."""

    group_id: int
    group: str


class ScopeSchema(PlaceSchema):
    """Where a grant shall count."""

    scope = TypeName(load_default=GLOBAL_KIND, metadata={"description": SCOPE_MEANING})


class SetGrantSchema(ReasonSchema, ScopeSchema):
    """Permissions that the role is to have there."""

    effect = ma.fields.String(load_default=Effect.ALLOW.value, validate=OneOf(EFFECTS))


class ScopeQuery(ReasonSchema, PlaceQuery):
    """In which scope a grant is to go, and why."""


@grants.operation("GET", OF_ROLE, _manages_role, also=(404,))
def list_grants(role_id: int, after: After = None, limit: Limit = PAGE_DEFAULT) -> Page[Grant]:
    """The permissions that a role grants directly"""
    statement = (
        select(RoleGrant, Permission.name)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(RoleGrant.role_id == role_id, RoleGrant.id > (after or 0))
        .order_by(RoleGrant.id)
        .limit(limit + 1)
    )
    rows = [shown(row, name) for row, name in db.session.execute(statement)]
    return cut(rows, limit, lambda grant: grant.id)


@grants.operation(
    "PUT", f"{OF_ROLE}/<permission>", _manages_role, body=SetGrantSchema, also=(404, 409)
)
def set_grant(actor_id: Actor, role_id: int, permission: str, **asked: Any) -> Grant:
    """Let a role allow or deny a permission in a scope"""
    place = asked.pop("scope"), asked.pop("scope_id")
    with api_names(FIELDS):
        receipt = permissions.assign_permissions_to_role(
            role_id, [permission], *place, **asked, actor_id=actor_id
        )
    return shown(existing(RoleGrant, receipt.ids[0]), permission)


@grants.operation(
    "DELETE", f"{OF_ROLE}/<permission>", _manages_role, body=ScopeQuery, also=(404, 409)
)
def remove_grant(
    actor_id: Actor,
    role_id: int,
    permission: str,
    scope: str,
    scope_id: NodeId | None,
    reason: str | None,
) -> None:
    """Remove what a role allows or denies in exactly this scope"""
    held = (
        select(RoleGrant.id)
        .join(Permission, Permission.id == RoleGrant.permission_id)
        .where(
            RoleGrant.role_id == role_id,
            RoleGrant.scope_key == str(Place(scope, scope_id)),
            Permission.name == permission,
        )
    )
    _demand_held(held, permission, "permission")
    with api_names(FIELDS):
        permissions.revoke_permissions_from_role(
            role_id, [permission], scope, scope_id, actor_id=actor_id, reason=reason
        )


@grants.operation("GET", GROUPS_OF_ROLE, _manages_role, also=(404,))
def list_group_grants(
    role_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[GroupGrant]:
    """The permission groups that a role grants"""
    statement = (
        select(RoleGroupGrant, PermissionGroup.name)
        .join(PermissionGroup, PermissionGroup.id == RoleGroupGrant.group_id)
        .where(RoleGroupGrant.role_id == role_id, RoleGroupGrant.id > (after or 0))
        .order_by(RoleGroupGrant.id)
        .limit(limit + 1)
    )
    rows = [_group_shown(row, name) for row, name in db.session.execute(statement)]
    return cut(rows, limit, lambda grant: grant.id)


@grants.operation(
    "PUT", f"{GROUPS_OF_ROLE}/<int:group_id>", _manages_role, body=SetGrantSchema, also=(404, 409)
)
def set_group_grant(actor_id: Actor, role_id: int, group_id: int, **asked: Any) -> GroupGrant:
    """Let a role allow or deny all permissions of a group in a scope"""
    place = asked.pop("scope"), asked.pop("scope_id")
    with api_names(FIELDS):
        receipt = permissions.assign_group_to_role(
            group_id, role_id, *place, **asked, actor_id=actor_id
        )
    row = existing(RoleGroupGrant, receipt.ids[0])
    return _group_shown(row, existing(PermissionGroup, group_id).name)


@grants.operation(
    "DELETE", f"{GROUPS_OF_ROLE}/<int:group_id>", _manages_role, body=ScopeQuery, also=(404, 409)
)
def remove_group_grant(
    actor_id: Actor,
    role_id: int,
    group_id: int,
    scope: str,
    scope_id: NodeId | None,
    reason: str | None,
) -> None:
    """Remove a group from a role in exactly this scope"""
    held = select(RoleGroupGrant.id).where(
        RoleGroupGrant.role_id == role_id,
        RoleGroupGrant.group_id == group_id,
        RoleGroupGrant.scope_key == str(Place(scope, scope_id)),
    )
    _demand_held(held, group_id, "group_id")
    with api_names(FIELDS):
        permissions.remove_group_from_role(
            group_id, role_id, scope, scope_id, actor_id=actor_id, reason=reason
        )


def _demand_held(held: Select[tuple[int]], granted: str | int, field: str) -> None:
    if db.session.scalar(held) is None:
        raise UnknownResource("grant", granted, field)


def shown(row: RoleGrant, permission: str) -> Grant:
    """The grant of a permission in ``row``."""
    return Grant(permission=permission, **_scope_of(row))


def _group_shown(row: RoleGroupGrant, group: str) -> GroupGrant:
    return GroupGrant(group_id=row.group_id, group=group, **_scope_of(row))


def _scope_of(row: RoleGrant | RoleGroupGrant) -> Mapping[str, Any]:
    place = place_of_text(row.scope_key)
    return {"id": row.id, "effect": row.effect, "scope": place.kind, "scope_id": place.id}
