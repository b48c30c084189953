"""Routes of what roles grant."""

from __future__ import annotations

from typing import Any

from app.blueprints.roles.access import MANAGE, needs_role_right
from app.blueprints.roles.grants import service
from app.blueprints.roles.grants.schemas import (
    GrantSchema,
    GroupGrantSchema,
    ScopeQuery,
    SetGrantSchema,
)
from app.blueprints.roles.grants.service import Grant
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.rest import RestBlueprint

grants = RestBlueprint(
    "grants", __name__, url_prefix=API_PREFIX, description="What roles allow and deny"
)

OF_ROLE = "/roles/<int:role_id>/grants"
GROUPS_OF_ROLE = "/roles/<int:role_id>/groups"


@grants.get(OF_ROLE)
@needs_role_right(MANAGE)
@grants.arguments(PageQuery, location="query")
@grants.response(200, page_of(GrantSchema))
@grants.alt_response(404, "NOT_FOUND")
def list_grants(query: dict[str, Any], role_id: int) -> Page[Grant]:
    """The permissions that a role grants directly"""
    return service.grants_of(role_id, **query)


@grants.put(f"{OF_ROLE}/<permission>")
@needs_role_right(MANAGE)
@grants.arguments(SetGrantSchema)
@grants.response(200, GrantSchema)
@grants.alt_response(404, "NOT_FOUND")
@grants.alt_response(409, "CONFLICT")
def set_grant(body: dict[str, Any], role_id: int, permission: str) -> Grant:
    """Let a role allow or deny a permission in a scope"""
    return service.set_grant(current_user_id(), role_id, permission, body)


@grants.delete(f"{OF_ROLE}/<permission>")
@needs_role_right(MANAGE)
@grants.arguments(ScopeQuery, location="query")
@grants.response(204)
@grants.alt_response(404, "NOT_FOUND")
@grants.alt_response(409, "CONFLICT")
def remove_grant(query: dict[str, Any], role_id: int, permission: str) -> None:
    """Remove what a role allows or denies in exactly this scope"""
    service.remove_grant(current_user_id(), role_id, permission, query)


@grants.get(GROUPS_OF_ROLE)
@needs_role_right(MANAGE)
@grants.arguments(PageQuery, location="query")
@grants.response(200, page_of(GroupGrantSchema))
@grants.alt_response(404, "NOT_FOUND")
def list_group_grants(query: dict[str, Any], role_id: int) -> Page[Grant]:
    """The permission groups that a role grants"""
    return service.group_grants_of(role_id, **query)


@grants.put(f"{GROUPS_OF_ROLE}/<int:group_id>")
@needs_role_right(MANAGE)
@grants.arguments(SetGrantSchema)
@grants.response(200, GroupGrantSchema)
@grants.alt_response(404, "NOT_FOUND")
@grants.alt_response(409, "CONFLICT")
def set_group_grant(body: dict[str, Any], role_id: int, group_id: int) -> Grant:
    """Let a role allow or deny all permissions of a group in a scope"""
    return service.set_group_grant(current_user_id(), role_id, group_id, body)


@grants.delete(f"{GROUPS_OF_ROLE}/<int:group_id>")
@needs_role_right(MANAGE)
@grants.arguments(ScopeQuery, location="query")
@grants.response(204)
@grants.alt_response(404, "NOT_FOUND")
@grants.alt_response(409, "CONFLICT")
def remove_group_grant(query: dict[str, Any], role_id: int, group_id: int) -> None:
    """Remove a group from a role in exactly this scope"""
    service.remove_group_grant(current_user_id(), role_id, group_id, query)
