"""Routes of ``/control/api/explain`` and ``/control/api/search``."""

from __future__ import annotations

from typing import Any

from yoto.api.permissions.insight.schemas import ExplanationSchema
from yoto.control_plane.permissions import service
from yoto.control_plane.permissions.schemas import (
    FOUND_PAGE,
    WHO_PAGE,
    AskSchema,
    WhatQuery,
    WhoQuery,
)
from yoto.http.control_api import VIEW, ControlBlueprint, right
from yoto.http.paging import Page
from yoto.permission import Explanation
from yoto.request.context import read_only

explain_control = ControlBlueprint(
    "explain_control", __name__, "/explain", "Why somebody may do something, or may not"
)
search_control = ControlBlueprint(
    "search_control", __name__, "/search", "Who may do something, and where somebody may"
)


@explain_control.post("")
@read_only
@right(VIEW)
@explain_control.arguments(AskSchema)
@explain_control.response(200, ExplanationSchema)
@explain_control.alt_response(404, "NOT_FOUND")
def explain_verdict(body: dict[str, Any]) -> Explanation:
    """How a verdict about anybody comes about, and what would turn it

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    return service.explanation(body)


@search_control.get("/who")
@right(VIEW)
@search_control.arguments(WhoQuery, location="query")
@search_control.response(200, WHO_PAGE)
@search_control.alt_response(404, "NOT_FOUND")
def search_who(query: dict[str, Any]) -> dict[str, Any]:
    """Who has a permission in a place; a short page alone is not the end

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    return service.who(query)


@search_control.get("/what")
@right(VIEW)
@search_control.arguments(WhatQuery, location="query")
@search_control.response(200, FOUND_PAGE)
@search_control.alt_response(404, "NOT_FOUND")
def search_what(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """The resources of a type with which somebody has a permission

    Beyond `platform.view` it takes `admin.audit`, or `within` and the right to audit there.
    """
    return service.what(query)
