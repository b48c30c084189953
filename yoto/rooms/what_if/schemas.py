"""Dry runs of acts, and comparisons of two people, on the wire."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, Range

from yoto.api.permissions.checks.schemas import EffectiveSchema, PlaceSchema
from yoto.api.permissions.insight_queries import INCOMPLETE, PAGE_DEFAULT, PAGE_MAX
from yoto.http.fields import Instant, NodeId, RowId
from yoto.rooms.what_if.acts import ACTS

CURSOR_LENGTH = 200
ROLES_MAX, PLACES_MAX = 250, 1_000
ACT = {
    "description": "Its name as `act`, and the fields of its route: "
    + "; ".join(f"`{name}` {', '.join(fields)}" for name, fields in ACTS.items())
}
AFTER = {"description": "The `next_after` of the page before"}


class TriedSchema(ma.Schema):
    """An act to be tried."""

    act = ma.fields.Dict(keys=ma.fields.String(), required=True, metadata=ACT)
    after = ma.fields.String(
        load_default=None, allow_none=True, validate=Length(1, CURSOR_LENGTH), metadata=AFTER
    )
    limit = ma.fields.Integer(strict=True, load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))


class ChangedVerdictSchema(ma.Schema):
    """A permission whose verdict would change."""

    permission = ma.fields.String(required=True)
    before = ma.fields.String(required=True, metadata={"description": "The reason now"})
    after = ma.fields.String(required=True, metadata={"description": "The reason then"})
    places = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "global, channel:3; some"}
    )
    count = ma.fields.Integer(required=True, metadata={"description": "In how many places"})


class PersonChangeSchema(ma.Schema):
    """The permissions that one person would gain and lose in one home."""

    user_id = NodeId(required=True)
    username = ma.fields.String(required=True)
    home = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "server:7; null: what is below nothing that people belong to"},
    )
    gained = ma.fields.List(ma.fields.Nested(ChangedVerdictSchema), required=True)
    lost = ma.fields.List(ma.fields.Nested(ChangedVerdictSchema), required=True)


class ChangedCellSchema(ma.Schema):
    """A role's effect on a permission, with inherited grants; null: none."""

    role_id = ma.fields.Integer(required=True)
    role = ma.fields.String(required=True)
    permission = ma.fields.String(required=True)
    place = ma.fields.String(required=True)
    before = ma.fields.String(required=True, allow_none=True)
    after = ma.fields.String(required=True, allow_none=True)


class WhatIfSchema(ma.Schema):
    """A page of the people whose verdicts would change, with one item for each home."""

    act = ma.fields.String(required=True)
    at = Instant(required=True, metadata={"description": "The moment of both verdicts"})
    items = ma.fields.List(ma.fields.Nested(PersonChangeSchema), required=True)
    judged = ma.fields.Integer(
        required=True, metadata={"description": "How many people were looked at"}
    )
    next_after = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null at the end; a short or an empty page alone is not the end"},
    )
    complete = ma.fields.Boolean(
        required=True, metadata={"description": "The items are all that would change"}
    )
    matrix = ma.fields.List(
        ma.fields.Nested(ChangedCellSchema),
        required=True,
        metadata={"description": "What roles would say differently; on the first page"},
    )
    incomplete = ma.fields.String(
        required=True, allow_none=True, metadata={"description": INCOMPLETE}
    )


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


class SideSchema(ma.Schema):
    """One of two people."""

    user_id = NodeId(required=True)
    username = ma.fields.String(required=True)
    standing = ma.fields.String(required=True)
    super_admin = ma.fields.Boolean(required=True)
    only_roles = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Roles in force there that the other has not"},
    )


class DifferingRightSchema(ma.Schema):
    """A permission that only one of them has, with the reasons of both verdicts."""

    permission = ma.fields.String(required=True)
    user_reason = ma.fields.String(required=True)
    other_reason = ma.fields.String(required=True)


class PeopleComparedSchema(ma.Schema):
    """Two people in one place."""

    scope = ma.fields.String(required=True)
    user = ma.fields.Nested(SideSchema, required=True)
    other = ma.fields.Nested(SideSchema, required=True)
    only_user = ma.fields.List(ma.fields.Nested(DifferingRightSchema), required=True)
    only_other = ma.fields.List(ma.fields.Nested(DifferingRightSchema), required=True)
    both = ma.fields.List(ma.fields.String(), required=True)
