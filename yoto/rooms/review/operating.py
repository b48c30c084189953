"""Routes of ``/control/api/review``."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow.validate import Length, OneOf

from yoto.api.permissions.checks.schemas import NAME_LENGTH, PlaceQuery
from yoto.http.control_api import VIEW, ControlBlueprint, right
from yoto.http.files import MEDIA_TYPE
from yoto.http.paging import PageQuery
from yoto.http.shapes import schema_of
from yoto.operate.insight import open_question
from yoto.rooms.review.export import access_file
from yoto.rooms.review.report import AccessLine, AccessPage
from yoto.rooms.review.reviewing import REVIEWING
from yoto.rooms.review.schemas import CSV, JSON, AccessPageSchema

review_control = ControlBlueprint(
    "review_control", __name__, "/review", "Who can do something, since when and by what"
)

EXPORT_PAGE = 500  # users read at a time
AS_CSV = {"schema": {"type": "string"}, "content_type": MEDIA_TYPE, "success": True}


class ReviewedQuery(PlaceQuery):
    """A permission in a place."""

    permission = ma.fields.String(required=True, validate=Length(1, NAME_LENGTH))


class WhoQuery(PageQuery, ReviewedQuery):
    """A review of a permission in a place, a page at a time."""


class ExportQuery(ReviewedQuery):
    """A review as a file."""

    format = ma.fields.String(load_default=CSV, validate=OneOf([CSV, JSON]))


@review_control.get("")
@right(VIEW)
@review_control.arguments(WhoQuery, location="query")
@review_control.response(200, AccessPageSchema)
@review_control.alt_response(404, "NOT_FOUND")
def review_access_of_all(query: dict[str, Any]) -> AccessPage:
    """People with a permission in a place, since when, and by which grant, role or overwrite

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    question = open_question(query["permission"], query["scope"], query["scope_id"])
    return REVIEWING.who_can(*question, after=query["after"], limit=query["limit"], numbers=True)


@review_control.get("/export")
@right(VIEW)
@review_control.arguments(ExportQuery, location="query")
@review_control.response(200, schema_of(AccessLine)(many=True))
@review_control.alt_response(200, **AS_CSV)
@review_control.alt_response(404, "NOT_FOUND")
def export_review(query: dict[str, Any]) -> Response:
    """A whole review as a file, CSV or JSON; CSV has a row for each way to the permission"""
    question = open_question(query["permission"], query["scope"], query["scope_id"])
    first = REVIEWING.who_can(*question, limit=EXPORT_PAGE, numbers=True)
    return access_file(query, first, EXPORT_PAGE, as_json=query["format"] == JSON)
