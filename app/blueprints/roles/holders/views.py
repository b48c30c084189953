"""Routes of who holds roles."""

from __future__ import annotations

from typing import Any

from app.blueprints.roles.access import ASSIGN, needs_role_right, visible_role
from app.blueprints.roles.holders import service
from app.blueprints.roles.holders.schemas import (
    AssignmentQuery,
    AssignmentSchema,
    AssignSchema,
    HolderSchema,
)
from app.blueprints.roles.holders.service import Holder
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.reasons import ReasonSchema
from yoto.http.rest import RestBlueprint
from yoto.store.models import RoleAssignment

holders = RestBlueprint("holders", __name__, url_prefix=API_PREFIX, description="Who holds roles")

OF_ROLE = "/roles/<int:role_id>/members"
HOLDER = f"{OF_ROLE}/<int:user_id>"


@holders.get(OF_ROLE)
@signed_in
@holders.arguments(PageQuery, location="query")
@holders.response(200, page_of(HolderSchema))
@holders.alt_response(404, "NOT_FOUND")
def list_holders(query: dict[str, Any], role_id: int) -> Page[Holder]:
    """Those who were given a role, in force or not"""
    return service.holders_of(visible_role(role_id).id, **query)


@holders.put(HOLDER)
@needs_role_right(ASSIGN)
@holders.arguments(AssignSchema)
@holders.response(200, AssignmentSchema)
@holders.alt_response(404, "NOT_FOUND")
@holders.alt_response(409, "CONFLICT")
def assign_role(body: dict[str, Any], role_id: int, user_id: int) -> RoleAssignment:
    """Give a role to somebody, for a time or for good"""
    return service.assign(current_user_id(), role_id, user_id, body)


@holders.delete(HOLDER)
@needs_role_right(ASSIGN)
@holders.arguments(ReasonSchema, location="query")
@holders.response(204)
@holders.alt_response(404, "NOT_FOUND")
@holders.alt_response(409, "CONFLICT")
def take_role(query: dict[str, Any], role_id: int, user_id: int) -> None:
    """Take a role from somebody"""
    service.take(current_user_id(), role_id, user_id, query["reason"])


@holders.get("/users/<int:user_id>/roles")
@signed_in
@holders.arguments(AssignmentQuery, location="query")
@holders.response(200, page_of(AssignmentSchema))
@holders.alt_response(404, "NOT_FOUND")
def list_roles_held(query: dict[str, Any], user_id: int) -> Page[RoleAssignment]:
    """The roles that somebody was given in a server, or globally"""
    return service.roles_held(identity(), user_id, **query)
