"""Routes of roles."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import Row

from app.blueprints.roles import service
from app.blueprints.roles.access import GLOBAL_ROLES, MANAGE, needs_role_right, visible_role
from app.blueprints.roles.schemas import ChangeRoleSchema, NewRoleSchema, RoleSchema
from app.blueprints.servers.membership import demand_member
from app.extensions import permissions
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.reasons import ReasonSchema
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.store.models import Role

roles = RestBlueprint("roles", __name__, url_prefix=API_PREFIX, description="What people are")
RolePage = page_of(RoleSchema)

OF_SERVER = "/servers/<int:server_id>/roles"
ROLE = "/roles/<int:role_id>"
PARENT = f"{ROLE}/parents/<int:parent_id>"


@roles.get(OF_SERVER)
@signed_in
@roles.arguments(PageQuery, location="query")
@roles.response(200, RolePage)
@roles.alt_response(404, "NOT_FOUND")
def list_server_roles(query: dict[str, Any], server_id: int) -> Page[Row[Any]]:
    """The roles of a server that you are in"""
    demand_member(server_id, identity())
    return service.roles_of(server_id, **query)


@roles.post(OF_SERVER)
@require_permission(MANAGE, "server", "server_id")
@once
@roles.arguments(NewRoleSchema)
@roles.response(201, RoleSchema)
@roles.alt_response(404, "NOT_FOUND")
@roles.alt_response(409, "CONFLICT")
def create_server_role(body: dict[str, Any], server_id: int) -> tuple[Role, dict[str, str]]:
    """Make a role of a server"""
    return _made(service.make_role(current_user_id(), server_id, body))


@roles.get("/roles")
@require_permission(GLOBAL_ROLES)
@roles.arguments(PageQuery, location="query")
@roles.response(200, RolePage)
def list_global_roles(query: dict[str, Any]) -> Page[Row[Any]]:
    """The global roles"""
    return service.roles_of(None, **query)


@roles.post("/roles")
@require_permission(GLOBAL_ROLES)
@once
@roles.arguments(NewRoleSchema)
@roles.response(201, RoleSchema)
def create_global_role(body: dict[str, Any]) -> tuple[Role, dict[str, str]]:
    """Make a global role"""
    return _made(service.make_role(current_user_id(), None, body))


@roles.get(ROLE)
@signed_in
@roles.response(200, RoleSchema)
@roles.alt_response(404, "NOT_FOUND")
def read_role(role_id: int) -> Role:
    """A role of a server that you are in, or a global one"""
    return visible_role(role_id)


@roles.patch(ROLE)
@needs_role_right(MANAGE)
@roles.arguments(ChangeRoleSchema)
@roles.response(200, RoleSchema)
@roles.alt_response(404, "NOT_FOUND")
@roles.alt_response(409, "CONFLICT")
def change_role(body: dict[str, Any], role_id: int) -> Role:
    """Change name, parent, position or activity"""
    return service.change_role(current_user_id(), role_id, body)


@roles.delete(ROLE)
@needs_role_right(MANAGE)
@roles.arguments(ReasonSchema, location="query")
@roles.response(204)
@roles.alt_response(404, "NOT_FOUND")
@roles.alt_response(409, "CONFLICT")
def delete_role(query: dict[str, Any], role_id: int) -> None:
    """Delete a role with its grants, and take it from all who hold it"""
    permissions.delete_role(role_id, actor_id=current_user_id(), reason=query["reason"])


@roles.put(PARENT)
@needs_role_right(MANAGE)
@roles.arguments(ReasonSchema)
@roles.response(204)
@roles.alt_response(404, "NOT_FOUND")
@roles.alt_response(409, "CONFLICT")
def add_role_parent(body: dict[str, Any], role_id: int, parent_id: int) -> None:
    """Let a role inherit from one more; its first parent is `parent_id` of the role"""
    permissions.add_role_parent(role_id, parent_id, actor_id=current_user_id(), **body)


@roles.delete(PARENT)
@needs_role_right(MANAGE)
@roles.arguments(ReasonSchema, location="query")
@roles.response(204)
@roles.alt_response(404, "NOT_FOUND")
@roles.alt_response(409, "CONFLICT")
def remove_role_parent(query: dict[str, Any], role_id: int, parent_id: int) -> None:
    """Let a role inherit from one of its further parents no more"""
    permissions.remove_role_parent(role_id, parent_id, actor_id=current_user_id(), **query)


def _made(role: Role) -> tuple[Role, dict[str, str]]:
    return role, {"Location": url_for(".read_role", role_id=role.id)}
