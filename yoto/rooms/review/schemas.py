"""Access reviews on the wire."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from yoto.api.permissions.checks.schemas import NAME_LENGTH, PlaceQuery
from yoto.api.permissions.insight_queries import INCOMPLETE, NEXT_AFTER, PageQuery
from yoto.http.fields import Instant, NodeId

JSON, CSV = "json", "csv"


class ReviewedQuery(PlaceQuery):
    """A permission in a place, and the form of the answer."""

    permission = ma.fields.String(required=True, validate=Length(max=NAME_LENGTH))
    format = ma.fields.String(
        load_default=None,
        validate=OneOf([JSON, CSV]),
        metadata={"description": "By default what `Accept` prefers, or else JSON"},
    )


class AccessQuery(PageQuery, ReviewedQuery):
    """A review of people with a permission; CSV goes on to the end, in pages of ``limit``."""


class DifferenceQuery(ReviewedQuery):
    """Two moments; the second one is now by default."""

    since = Instant(required=True)
    until = Instant(load_default=None)


class WaySchema(ma.Schema):
    """One way by which somebody has the permission."""

    kind = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    role_id = ma.fields.Integer(required=True, allow_none=True)
    role = ma.fields.String(required=True, allow_none=True)
    via = ma.fields.List(
        ma.fields.Integer(),
        required=True,
        metadata={"description": "The roles from the assigned one to this, by inheritance"},
    )
    group = ma.fields.String(required=True, allow_none=True)
    since = Instant(required=True, allow_none=True, metadata={"description": "Null: unknown"})
    until = Instant(required=True, allow_none=True)
    holder = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Who holds the role: `team:5`, `everyone:server:7`, `public`;"
            " null: the user themselves, or no role"
        },
    )


class AccessLineSchema(ma.Schema):
    """One user who has the permission."""

    user_id = NodeId(required=True)
    username = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)
    since = Instant(required=True, allow_none=True, metadata={"description": "Null: unknown"})
    ways = ma.fields.List(ma.fields.Nested(WaySchema), required=True)


class AccessPageSchema(ma.Schema):
    """Users in the order of their ids."""

    items = ma.fields.List(ma.fields.Nested(AccessLineSchema), required=True, attribute="lines")
    next_after = NodeId(required=True, allow_none=True, metadata={"description": NEXT_AFTER})
    incomplete = ma.fields.String(
        required=True, allow_none=True, metadata={"description": INCOMPLETE}
    )


class TurnSchema(ma.Schema):
    """Somebody whose verdict differs, with the change that caused it, if it is known."""

    user_id = NodeId(required=True)
    record_id = ma.fields.Integer(required=True, allow_none=True)
    action = ma.fields.String(required=True, allow_none=True)
    at = Instant(required=True, allow_none=True)
    actor_id = NodeId(required=True, allow_none=True)


class DifferenceSchema(ma.Schema):
    """Differences between two moments in who has the permission."""

    permission = ma.fields.String(required=True)
    scope = ma.fields.String(required=True)
    since = Instant(required=True)
    until = Instant(required=True)
    gained = ma.fields.List(ma.fields.Nested(TurnSchema), required=True)
    lost = ma.fields.List(ma.fields.Nested(TurnSchema), required=True)
    unknown = ma.fields.List(  # type: ignore[assignment]
        ma.fields.String(),
        required=True,
        metadata={"description": "What the log does not tell; empty: the lists are complete"},
    )
    log_begins = Instant(required=True, allow_none=True)
