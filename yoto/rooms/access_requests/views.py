"""Routes of access requests, for people of the application."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from werkzeug.exceptions import HTTPException

from yoto.api.guards import PERMISSION_ASK
from yoto.api.visibility import unknown
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.errors import PlatformError, UnknownResource
from yoto.http.api import API_PREFIX
from yoto.http.database_problems import problem_of
from yoto.http.fields import ReasonSchema
from yoto.http.idempotency import once
from yoto.http.paging import Page, page_of
from yoto.http.rest import RestBlueprint
from yoto.resilience import rate_limit
from yoto.rooms.access_requests import callers
from yoto.rooms.access_requests.schemas import (
    AccessGrantSchema,
    AccessRequestQuery,
    AccessRequestSchema,
    NewAccessRequestSchema,
)

access_requests = RestBlueprint(
    "access-requests",
    __name__,
    url_prefix=f"{API_PREFIX}/access-requests",
    description="Rights that people lack, lent for a time by who may",
)
# These apply even in an application with error handlers of its own.
for refusal in (HTTPException, PlatformError):
    access_requests.register_error_handler(refusal, problem_of)
access_requests.register_error_handler(UnknownResource, unknown)

REQUEST = "/<int:request_id>"
# Questions that a request counts as, so that one person makes a few a minute at most; and those of
# an inbox, in which each item takes statements.
QUESTIONS_OF_REQUEST, QUESTIONS_OF_BOX = 500, 50


@rate_limit(PERMISSION_ASK, cost=QUESTIONS_OF_REQUEST)
def asking_caller() -> int:
    """The caller who asks for a right, counted for the limit."""
    return current_user_id()


@rate_limit(PERMISSION_ASK, cost=QUESTIONS_OF_BOX)
def looking_caller() -> int:
    """The caller who reads a list of requests, counted for the limit."""
    return current_user_id()


@access_requests.post("")
@signed_in
@once
@access_requests.arguments(NewAccessRequestSchema)
@access_requests.response(201, AccessRequestSchema)
@access_requests.alt_response(404, "NOT_FOUND")
def ask_for_access(body: dict[str, Any]) -> dict[str, Any]:
    """Ask to be lent a permission at a resource for a time

    A repeated request returns the open or granted one as it is.
    """
    return callers.ask(asking_caller(), body)


@access_requests.get("")
@signed_in
@access_requests.arguments(AccessRequestQuery, location="query")
@access_requests.response(200, page_of(AccessRequestSchema))
@access_requests.alt_response(429, "TOO_MANY_REQUESTS")
def list_access_requests(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """The caller's own requests, or the open ones of others that they may grant; newest first"""
    return callers.page(looking_caller(), **query)


@access_requests.get(REQUEST)
@signed_in
@access_requests.response(200, AccessRequestSchema)
def read_access_request(request_id: int) -> dict[str, Any]:
    """A request of the caller's, or one that they may grant"""
    return callers.one(current_user_id(), request_id)


def _step(name: str, schema: type[ma.Schema], does: str) -> None:
    """Add the route of a step of a request.

    Args:
        name: the step's (``callers.take``), and the route's.
        schema: the body's.
        does: its effect, for the API's description.
    """

    def step(body: dict[str, Any], request_id: int) -> dict[str, Any]:
        caller_id = current_user_id()
        callers.demand_sight_of(caller_id, request_id)
        return callers.take(name, request_id, caller_id, **body)

    step.__name__, step.__doc__ = f"{name}_access_request", does
    for decorator in (
        access_requests.alt_response(409, "CONFLICT"),
        access_requests.response(200, AccessRequestSchema),
        access_requests.arguments(schema),
        once,
        signed_in,
        access_requests.post(f"{REQUEST}/{name}"),
    ):
        step = decorator(step)


_step(
    "grant",
    AccessGrantSchema,
    """Approve it; with the last approval that it takes, the right is lent from now on

    It takes the right to lend there, the permission itself for as long, and a rank above who asks.
    """,
)
_step("refuse", ReasonSchema, "Refuse it, which takes what granting takes")
_step("withdraw", ReasonSchema, "Take back a request of one's own, or give back what was lent")
_step(
    "end",
    ReasonSchema,
    "Take back before its time what was lent, which takes what granting takes",
)
