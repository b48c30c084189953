"""Routes of dry runs of acts."""

from __future__ import annotations

from typing import Any

from yoto.api.guards import PERMISSION_ASK, STATEMENTS_OF_TRIAL
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.http.shapes import schema_of
from yoto.permission import Place
from yoto.request.context import read_only
from yoto.resilience import rate_limit
from yoto.rooms.what_if import service
from yoto.rooms.what_if.report import WhatIf
from yoto.rooms.what_if.schemas import (
    AllOfRolesSchema,
    AsRolesSchema,
    TriedSchema,
)

what_if = RestBlueprint(
    "what-if",
    __name__,
    url_prefix=f"{API_PREFIX}/permissions",
    description="Who would gain and who would lose what by a change of rights",
)


@what_if.post("/what-if")
@read_only
@signed_in
@what_if.arguments(TriedSchema)
@what_if.response(200, schema_of(WhatIf))
@what_if.alt_response(404, "NOT_FOUND")
@what_if.alt_response(409, "CONFLICT")
@what_if.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_TRIAL)
def try_act(body: dict[str, Any]) -> WhatIf:
    """Dry run of an act: people who would gain or lose permissions; nothing is changed

    It takes the same rights as the act, and is refused if the act would be; the application itself
    may refuse more acts on members.
    """
    return service.what_if(current_user_id(), body)


@what_if.post("/as-roles")
@read_only
@signed_in
@what_if.arguments(AsRolesSchema)
@what_if.response(200, AllOfRolesSchema)
@what_if.alt_response(404, "NOT_FOUND")
@what_if.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=lambda body: len(body["places"]))
def view_as_roles(body: dict[str, Any]) -> dict[str, Any]:
    """Permissions in places of a member who holds only some roles; policies are left out

    It takes the right to audit there (`server.audit` in a server), or `admin.audit`; for global
    roles `admin.roles`, too.
    """
    places = [Place(one["scope"], one["scope_id"]) for one in body["places"]]
    found = service.as_roles(current_user_id(), body["role_ids"], places)
    asked = zip(body["places"], found, strict=True)
    return {"items": [place | {"permissions": names} for place, names in asked]}
