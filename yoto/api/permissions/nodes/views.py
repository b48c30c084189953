"""Routes of assignments and overwrites at resources of any type."""

from __future__ import annotations

from typing import Any

from yoto.api.permissions.nodes import service
from yoto.api.permissions.nodes.schemas import (
    AssignAtSchema,
    AtQuery,
    ClearQuery,
    HoldersSchema,
    OverwriteAtSchema,
    UnassignQuery,
)
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.permission import Place

nodes = RestBlueprint(
    "nodes",
    __name__,
    url_prefix=f"{API_PREFIX}/permissions",
    description="Who holds roles at resources, and what is overwritten there",
)


@nodes.get("/holders")
@signed_in
@nodes.arguments(AtQuery, location="query")
@nodes.response(200, HoldersSchema)
@nodes.alt_response(404, "NOT_FOUND")
def list_holders_at_resource(query: dict[str, Any]) -> dict[str, Any]:
    """Holders of roles at a resource itself, with sets as such

    It takes the right to audit there, or `admin.audit`.
    """
    return {"items": service.holders(current_user_id(), Place(query["scope"], query["scope_id"]))}


@nodes.put("/holders")
@signed_in
@nodes.arguments(AssignAtSchema)
@nodes.response(204)
@nodes.alt_response(404, "NOT_FOUND")
@nodes.alt_response(409, "CONFLICT")
def assign_at_resource(body: dict[str, Any]) -> None:
    """Give a subject a role at a resource, with all resources below it or (`here_only`) without

    The caller must be its administrator or owner, have `admin.roles`, or have a permission by which
    its type shares this role; and must have the rights that the role gives.
    """
    service.assign(current_user_id(), body)


@nodes.delete("/holders")
@signed_in
@nodes.arguments(UnassignQuery, location="query")
@nodes.response(204)
@nodes.alt_response(404, "NOT_FOUND")
@nodes.alt_response(409, "CONFLICT")
def unassign_at_resource(query: dict[str, Any]) -> None:
    """Take a role at a resource from a subject

    It takes the same rights as giving this role.
    """
    service.unassign(current_user_id(), query)


@nodes.put("/overwrites")
@signed_in
@nodes.arguments(OverwriteAtSchema)
@nodes.response(204)
@nodes.alt_response(404, "NOT_FOUND")
@nodes.alt_response(409, "CONFLICT")
def overwrite_at_resource(body: dict[str, Any]) -> None:
    """Set all overwrites of a role, person, program or team at a resource

    The caller must be its administrator or owner, or have `admin.roles`; and must have the
    permissions that the overwrites allow.
    """
    service.overwrite(current_user_id(), body)


@nodes.delete("/overwrites")
@signed_in
@nodes.arguments(ClearQuery, location="query")
@nodes.response(204)
@nodes.alt_response(404, "NOT_FOUND")
@nodes.alt_response(409, "CONFLICT")
def clear_at_resource(query: dict[str, Any]) -> None:
    """Remove all overwrites of a target at a resource"""
    service.clear(current_user_id(), query)
