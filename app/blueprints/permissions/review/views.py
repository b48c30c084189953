"""Routes of access reviews."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from flask import Response, request, stream_with_context

from app.blueprints.permissions.review import service
from app.blueprints.permissions.review.schemas import (
    CSV,
    AccessPageSchema,
    AccessQuery,
    DifferenceQuery,
    DifferenceSchema,
)
from app.core.permission import (
    ACCESS_COLUMNS,
    DIFFERENCE_COLUMNS,
    AccessDifference,
    AccessPage,
    access_rows,
    difference_rows,
)
from app.http.access import signed_in
from app.http.api import API_PREFIX
from app.http.auth import current_user_id
from app.http.csv_export import MEDIA_TYPE, csv_lines
from app.http.rest import RestBlueprint

review = RestBlueprint(
    "access-review",
    __name__,
    url_prefix=f"{API_PREFIX}/permissions",
    description="Who can do something, since when and by what, and what changed",
)

AS_CSV = {"schema": {"type": "string"}, "content_type": MEDIA_TYPE, "success": True}


@review.get("/review")
@signed_in
@review.arguments(AccessQuery, location="query")
@review.response(200, AccessPageSchema)
@review.alt_response(200, **AS_CSV)
@review.alt_response(404, "NOT_FOUND")
def review_access(query: dict[str, Any]) -> AccessPage | Response:
    """Who has a permission in a place, since when, and by which grant, role or overwrite

    It takes `server.audit` in that server, or `admin.audit`. CSV has a row for each way.
    """
    if not _wants_csv(query):
        return service.access(current_user_id(), query)
    lines = service.all_access(current_user_id(), query)
    rows = chain.from_iterable(map(access_rows, lines))
    return _csv("access", query, ACCESS_COLUMNS, rows)


@review.get("/review/difference")
@signed_in
@review.arguments(DifferenceQuery, location="query")
@review.response(200, DifferenceSchema)
@review.alt_response(200, **AS_CSV)
@review.alt_response(404, "NOT_FOUND")
def review_difference(query: dict[str, Any]) -> AccessDifference | Response:
    """Who gained and who lost a permission in a place between two moments, from the audit log

    It takes `server.audit` in that server, or `admin.audit`.
    """
    found = service.difference(current_user_id(), query)
    if not _wants_csv(query):
        return found
    return _csv("difference", query, DIFFERENCE_COLUMNS, difference_rows(found))


def _wants_csv(query: Mapping[str, Any]) -> bool:
    if query["format"] is not None:
        return bool(query["format"] == CSV)
    accepted = request.accept_mimetypes.best_match(["application/json", MEDIA_TYPE])
    return accepted == MEDIA_TYPE


def _csv(
    kind: str, query: Mapping[str, Any], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Response:
    place = "-".join(str(part) for part in (query["scope"], query["scope_id"]) if part is not None)
    answer = Response(stream_with_context(csv_lines(columns, rows)), mimetype=MEDIA_TYPE)
    answer.headers.set(
        "Content-Disposition",
        "attachment",
        filename=f"{kind}-{query['permission']}-{place}.csv",
    )
    return answer
