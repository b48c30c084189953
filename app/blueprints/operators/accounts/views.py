"""Routes of ``/control/api/operators``."""

from __future__ import annotations

from typing import Any

from app.blueprints.operator_roles import operator_roles
from app.blueprints.operators.accounts import listing, service
from app.blueprints.operators.accounts.schemas import (
    OPERATOR_PAGE,
    GrantRoleSchema,
    OperatorRolesSchema,
    OperatorSchema,
    RevokeRoleSchema,
)
from yoto.http.acts import author
from yoto.http.control_api import ADMIN, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery

operators_control = ControlBlueprint(
    "operators_control", __name__, "/operators", "Who may see and steer the platform"
)


@operators_control.get("")
@right(ADMIN)
@operators_control.arguments(PageQuery, location="query")
@operators_control.response(200, OPERATOR_PAGE)
def list_operators(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Everybody who was given a right on the platform, by id"""
    return listing.listed(**query)


@operators_control.get("/roles")
@right(ADMIN)
@operators_control.response(200, OperatorRolesSchema)
def list_operator_roles() -> dict[str, Any]:
    """The global roles that give such rights"""
    return {"items": list(operator_roles().values())}


@operators_control.post("")
@right(ADMIN)
@operators_control.arguments(GrantRoleSchema)
@operators_control.response(200, OperatorSchema)
@operators_control.alt_response(409, "CONFLICT")
def grant_operator_role(body: dict[str, Any]) -> dict[str, Any]:
    """Give somebody a role; one that they have gets the new end"""
    return service.grant(**body, by=author())


@operators_control.post("/<int:user_id>/revoke")
@right(ADMIN)
@operators_control.arguments(RevokeRoleSchema)
@operators_control.response(200, OperatorSchema)
@operators_control.alt_response(409, "CONFLICT")
def revoke_operator_role(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Take a role back; the last administrator keeps theirs"""
    return service.revoke(user_id, **body, by=author())


@operators_control.post("/<int:user_id>/disable")
@right(ADMIN)
@operators_control.arguments(ActSchema)
@operators_control.response(200, OperatorSchema)
@operators_control.alt_response(409, "CONFLICT")
def disable_operator(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Let an account sign in no more, and end its sessions and API tokens for good"""
    return service.disable(user_id, author(), body["reason"])


@operators_control.post("/<int:user_id>/enable")
@right(ADMIN)
@operators_control.arguments(ActSchema)
@operators_control.response(200, OperatorSchema)
def enable_operator(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Let an account sign in again"""
    return service.enable(user_id, author(), body["reason"])


@operators_control.post("/<int:user_id>/remove-second-factor")
@right(ADMIN)
@operators_control.arguments(ActSchema)
@operators_control.response(200, OperatorSchema)
def remove_operator_second_factor(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Take the second factor of somebody who lost it; they sign in with their password alone"""
    return service.remove_second_factor(user_id, author(), body["reason"])


@operators_control.post("/<int:user_id>/end-sessions")
@right(ADMIN)
@operators_control.arguments(ActSchema)
@operators_control.response(200, OperatorSchema)
def end_operator_sessions(body: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Sign an account out everywhere; its API tokens end with its sessions"""
    return service.end_sessions(user_id, author(), body["reason"])
