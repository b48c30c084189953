"""Dry runs of acts, and of roles, as they are asked for."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, Range

from yoto.api.permissions.checks.schemas import EffectiveSchema, PlaceSchema
from yoto.api.permissions.insight_queries import PAGE_DEFAULT, PAGE_MAX
from yoto.http.fields import RowId
from yoto.rooms.what_if.acts import ACTS

CURSOR_LENGTH = 200
ROLES_MAX, PLACES_MAX = 250, 1_000
ACT = {
    "description": "Its name as `act`, and the fields of its route: "
    + "; ".join(f"`{name}` {', '.join(kind.fields)}" for name, kind in ACTS.items())
}
AFTER = {"description": "The `next_after` of the page before"}


class TriedSchema(ma.Schema):
    """An act to be tried."""

    act = ma.fields.Dict(keys=ma.fields.String(), required=True, metadata=ACT)
    after = ma.fields.String(
        load_default=None, allow_none=True, validate=Length(1, CURSOR_LENGTH), metadata=AFTER
    )
    limit = ma.fields.Integer(strict=True, load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))


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


class AllOfRolesSchema(ma.Schema):
    """The permissions of such a member in each of the places, in their order."""

    items = ma.fields.List(ma.fields.Nested(EffectiveSchema), required=True)
