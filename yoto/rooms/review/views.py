"""Routes of access reviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import Response, request

from yoto.api.guards import PERMISSION_ASK, STATEMENTS_OF_SEARCH
from yoto.api.permissions.checks.asking import Question, demand_insight, question_of
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.files import MEDIA_TYPE
from yoto.http.rest import RestBlueprint
from yoto.http.shapes import parts_of, schema_named
from yoto.resilience import rate_limit
from yoto.rooms.review.export import access_file, csv_file
from yoto.rooms.review.report import (
    DIFFERENCE_COLUMNS,
    AccessDifference,
    AccessPage,
    difference_rows,
)
from yoto.rooms.review.reviewing import REVIEWING
from yoto.rooms.review.schemas import (
    CSV,
    AccessPageSchema,
    AccessQuery,
    DifferenceQuery,
)

review = RestBlueprint(
    "access-review",
    __name__,
    url_prefix=f"{API_PREFIX}/permissions",
    description="Who can do something, since when and by what, and what changed",
)

DifferenceSchema = schema_named("Difference", ma.Schema, True, *parts_of(AccessDifference))
AS_CSV = {"schema": {"type": "string"}, "content_type": MEDIA_TYPE, "success": True}


# The limit is not around the views, since it is for the question, and an export takes much longer.
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_SEARCH)
def counted_caller() -> int:
    """The caller, counted for the limit."""
    return current_user_id()


def _asked(query: Mapping[str, Any]) -> Question:
    """The question of a caller who may know about others there; else ``PermissionDenied``."""
    question = question_of(query)
    demand_insight(counted_caller(), [question])
    return question


@review.get("/review")
@signed_in
@review.arguments(AccessQuery, location="query")
@review.response(200, AccessPageSchema)
@review.alt_response(200, **AS_CSV)
@review.alt_response(404, "NOT_FOUND")
@review.alt_response(429, "TOO_MANY_REQUESTS")
def review_access(query: dict[str, Any]) -> AccessPage | Response:
    """People with a permission in a place, since when, and by which grant, role or overwrite

    It takes the right to audit there, or `admin.audit`. CSV has a row for each way.
    """
    after, limit = query["after"], query["limit"]
    found = REVIEWING.who_can(*_asked(query), after=after, limit=limit, numbers=True)
    return access_file(query, found, limit) if _wants_csv(query) else found


@review.get("/review/difference")
@signed_in
@review.arguments(DifferenceQuery, location="query")
@review.response(200, DifferenceSchema)
@review.alt_response(200, **AS_CSV)
@review.alt_response(404, "NOT_FOUND")
@review.alt_response(429, "TOO_MANY_REQUESTS")
def review_difference(query: dict[str, Any]) -> AccessDifference | Response:
    """People who gained or lost a permission between two moments, from the audit log

    It takes the right to audit there, or `admin.audit`.
    """
    since, until = query["since"], query["until"]
    found = REVIEWING.difference(*_asked(query), since=since, until=until, numbers=True)
    if not _wants_csv(query):
        return found
    return csv_file("difference", query, DIFFERENCE_COLUMNS, difference_rows(found))


def _wants_csv(query: Mapping[str, Any]) -> bool:
    if query["format"] is not None:
        return bool(query["format"] == CSV)
    accepted = request.accept_mimetypes.best_match(["application/json", MEDIA_TYPE])
    return accepted == MEDIA_TYPE
