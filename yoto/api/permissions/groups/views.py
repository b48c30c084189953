"""Routes of permission groups."""

from __future__ import annotations

from typing import Any

from flask import url_for

from yoto.api.permissions.groups import service
from yoto.api.permissions.groups.schemas import ChangeGroupSchema, GroupSchema, NewGroupSchema
from yoto.api.permissions.groups.service import Group
from yoto.api.reasons import ReasonQuery, ReasonSchema
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.extensions import permissions
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

groups = RestBlueprint(
    "permission-groups",
    __name__,
    url_prefix=f"{API_PREFIX}/permission-groups",
    description="Sets of permissions that roles are granted as one",
)

MANAGE_GROUPS = "admin.groups"
GROUP = "/<int:group_id>"
MEMBER = f"{GROUP}/permissions/<permission>"


@groups.get("")
@signed_in
@groups.arguments(PageQuery, location="query")
@groups.response(200, page_of(GroupSchema))
def list_groups(query: dict[str, Any]) -> Page[Group]:
    """All groups with their permissions"""
    return service.groups(**query)


@groups.post("")
@require_permission(MANAGE_GROUPS)
@once
@groups.arguments(NewGroupSchema)
@groups.response(201, GroupSchema)
def create_group(body: dict[str, Any]) -> tuple[Group, dict[str, str]]:
    """Make a group"""
    made = service.make_group(current_user_id(), body)
    return made, {"Location": url_for(".read_group", group_id=made.id)}


@groups.get(GROUP)
@signed_in
@groups.response(200, GroupSchema)
@groups.alt_response(404, "NOT_FOUND")
def read_group(group_id: int) -> Group:
    """A group with its permissions"""
    return service.group(group_id)


@groups.patch(GROUP)
@require_permission(MANAGE_GROUPS)
@groups.arguments(ChangeGroupSchema)
@groups.response(200, GroupSchema)
@groups.alt_response(404, "NOT_FOUND")
@groups.alt_response(409, "CONFLICT")
def change_group(body: dict[str, Any], group_id: int) -> Group:
    """Change name or description"""
    reason = body.pop("reason")
    return service.rename_group(current_user_id(), group_id, body, reason)


@groups.delete(GROUP)
@require_permission(MANAGE_GROUPS)
@groups.arguments(ReasonQuery, location="query")
@groups.response(204)
@groups.alt_response(404, "NOT_FOUND")
@groups.alt_response(409, "CONFLICT")
def delete_group(query: dict[str, Any], group_id: int) -> None:
    """Delete a group, and with it the grants that roles have by it"""
    permissions.delete_group(group_id, actor_id=current_user_id(), reason=query["reason"])


@groups.put(MEMBER)
@require_permission(MANAGE_GROUPS)
@groups.arguments(ReasonSchema)
@groups.response(200, GroupSchema)
@groups.alt_response(404, "NOT_FOUND")
@groups.alt_response(409, "CONFLICT")
def add_to_group(body: dict[str, Any], group_id: int, permission: str) -> Group:
    """Put a permission into a group"""
    return service.add_permission(current_user_id(), group_id, permission, body["reason"])


@groups.delete(MEMBER)
@require_permission(MANAGE_GROUPS)
@groups.arguments(ReasonQuery, location="query")
@groups.response(204)
@groups.alt_response(404, "NOT_FOUND")
@groups.alt_response(409, "CONFLICT")
def remove_from_group(query: dict[str, Any], group_id: int, permission: str) -> None:
    """Take a permission out of a group"""
    service.remove_permission(current_user_id(), group_id, permission, query["reason"])
