"""Access reviews on the wire."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from yoto.api.permissions.checks.schemas import NAME_LENGTH, PlaceQuery
from yoto.api.permissions.insight_queries import INCOMPLETE, NEXT_AFTER, PageQuery
from yoto.http.fields import Instant, NodeId
from yoto.http.shapes import schema_of
from yoto.rooms.review.report import AccessLine

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


class AccessPageSchema(ma.Schema):
    """Users in the order of their ids."""

    items = ma.fields.List(
        ma.fields.Nested(schema_of(AccessLine)), required=True, attribute="lines"
    )
    next_after = NodeId(required=True, allow_none=True, metadata={"description": NEXT_AFTER})
    incomplete = ma.fields.String(
        required=True, allow_none=True, metadata={"description": INCOMPLETE}
    )
