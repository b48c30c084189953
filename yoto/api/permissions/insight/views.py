"""Routes of explanations and searches."""

from __future__ import annotations

from typing import Any

from yoto.api.guards import PERMISSION_ASK, STATEMENTS_OF_SEARCH
from yoto.api.permissions.insight import service
from yoto.api.permissions.insight.schemas import (
    ExplainSchema,
    ExplanationSchema,
    PageSchema,
    ResourcesQuery,
    SetsQuery,
    SetsSchema,
    UserPageSchema,
    UsersQuery,
)
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.permission import Explanation, Page
from yoto.request.context import read_only
from yoto.resilience import rate_limit

insight = RestBlueprint(
    "insight",
    __name__,
    url_prefix=f"{API_PREFIX}/permissions",
    description="Why somebody may do something; where they may; who may",
)


@insight.post("/explain")
@read_only
@signed_in
@insight.arguments(ExplainSchema)
@insight.response(200, ExplanationSchema)
@insight.alt_response(404, "NOT_FOUND")
@insight.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_SEARCH)
def explain(body: dict[str, Any]) -> Explanation:
    """Explain a verdict, with the changes that would turn it

    About somebody else it takes the right to audit there (`server.audit` in a server), or
    `admin.audit`.
    """
    return service.explanation(current_user_id(), body)


@insight.get("/resources")
@signed_in
@insight.arguments(ResourcesQuery, location="query")
@insight.response(200, PageSchema)
@insight.alt_response(404, "NOT_FOUND")
@insight.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_SEARCH)
def list_resources(query: dict[str, Any]) -> Page:
    """The resources of a type with which you, or somebody else, have a permission

    `expression` asks for several at once: `channel.read AND NOT message.send`. About somebody else
    it takes `admin.audit`, or `within` and the right to audit there.
    """
    return service.resources(current_user_id(), query)


@insight.get("/users")
@signed_in
@insight.arguments(UsersQuery, location="query")
@insight.response(200, UserPageSchema)
@insight.alt_response(404, "NOT_FOUND")
@insight.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_SEARCH)
def list_users(query: dict[str, Any]) -> dict[str, Any]:
    """People and programs with a permission in a place

    `expression` asks for several at once. It takes the right to audit there (`server.audit` in a
    server), or `admin.audit`.
    """
    return service.users(current_user_id(), query)


@insight.get("/sets")
@signed_in
@insight.arguments(SetsQuery, location="query")
@insight.response(200, SetsSchema)
@insight.alt_response(404, "NOT_FOUND")
@insight.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=STATEMENTS_OF_SEARCH)
def list_sets(query: dict[str, Any]) -> dict[str, Any]:
    """Sets with a permission in a place: teams, everybody of a resource, and the public

    Their members have it merely by belonging to the set. It takes the same rights as the list of
    people.
    """
    return {"sets": service.sets(current_user_id(), query)}
