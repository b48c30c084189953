"""Routes of dry runs of acts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, TypedDict

import marshmallow as ma
from marshmallow.validate import Length

from yoto.api.guards import PERMISSION_ASK, STATEMENTS_OF_TRIAL
from yoto.api.permissions.checks.schemas import EffectiveSchema, PlaceSchema
from yoto.api.permissions.insight_queries import PAGE_DEFAULT, PAGE_MAX
from yoto.auth.access import signed_in
from yoto.http.declared import people_blueprint
from yoto.http.fields import RowId
from yoto.http.operation import Actor, Subject
from yoto.http.shapes import Between
from yoto.permission import Place
from yoto.resilience import rate_limit
from yoto.rooms.what_if import callers
from yoto.rooms.what_if.acts import ActFields
from yoto.rooms.what_if.operating import AfterCursor
from yoto.rooms.what_if.report import WhatIf

ROLES_MAX, PLACES_MAX = 250, 1_000


class AsRolesSchema(ma.Schema):
    """A member who holds some roles and no other, in places."""

    role_ids = ma.fields.List(
        RowId(),
        required=True,
        validate=Length(max=ROLES_MAX),
        metadata={"description": "Beside the default role; none: that alone"},
    )
    places = ma.fields.List(
        ma.fields.Nested(PlaceSchema), required=True, validate=Length(1, PLACES_MAX)
    )


class AllOfRoles(TypedDict):
    """The permissions of such a member in each of the places, in their order."""

    items: Annotated[Sequence[Any], partial(ma.fields.List, ma.fields.Nested(EffectiveSchema))]


what_if = Subject(
    "what-if",
    "/permissions",
    "Who would gain and who would lose what by a change of rights",
    "act",
)


@what_if.operation("POST", "/what-if", signed_in, body="Tried", changes=False, also=(404, 409, 429))
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_TRIAL)
def try_act(
    actor_id: Actor,
    act: ActFields,
    after: AfterCursor = None,
    limit: Annotated[int, Between(1, PAGE_MAX)] = PAGE_DEFAULT,
) -> WhatIf:
    """Dry run of an act: people who would gain or lose permissions; nothing is changed

    It takes the same rights as the act, and is refused if the act would be; the application itself
    may refuse more acts on members.
    """
    return callers.what_if(actor_id, act, after, limit)


@what_if.operation(
    "POST", "/as-roles", signed_in, body=AsRolesSchema, changes=False, also=(404, 429)
)
@rate_limit(PERMISSION_ASK, cost=lambda **asked: len(asked["places"]))
def view_as_roles(actor_id: Actor, role_ids: list[int], places: list[dict[str, Any]]) -> AllOfRoles:
    """Permissions in places of a member who holds only some roles; policies are left out

    It takes the right to audit there (`server.audit` in a server), or `admin.audit`; for global
    roles `admin.roles`, too.
    """
    asked = [Place(one["scope"], one["scope_id"]) for one in places]
    found = callers.as_roles(actor_id, role_ids, asked)
    both = zip(places, found, strict=True)
    return {"items": [place | {"permissions": names} for place, names in both]}


# Made once for all applications of a process.
routes = people_blueprint(what_if)
