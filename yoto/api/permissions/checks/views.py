"""Routes of questions."""

from __future__ import annotations

from math import ceil
from typing import Any

from yoto.api.guards import PEOPLE_A_QUESTION, PERMISSION_ASK
from yoto.api.permissions.checks import asking
from yoto.api.permissions.checks.schemas import (
    AllowedUsersSchema,
    CheckBatchSchema,
    CheckSchema,
    CheckUsersSchema,
    EffectiveSchema,
    PlaceQuery,
    VerdictSchema,
    VerdictsSchema,
)
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.rest import RestBlueprint
from yoto.request.context import read_only
from yoto.resilience import rate_limit

checks = RestBlueprint(
    "permissions",
    __name__,
    url_prefix=f"{API_PREFIX}/permissions",
    description="What somebody may do, and where",
)


@checks.post("/check")
@read_only
@signed_in
@checks.arguments(CheckSchema)
@checks.response(200, VerdictSchema)
@checks.alt_response(404, "NOT_FOUND")
@checks.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK)
def check_permission(body: dict[str, Any]) -> dict[str, Any]:
    """Whether you, or somebody else, have a permission in a place

    About somebody else it takes the right to audit there (`server.audit` in a server), or
    `admin.audit`.
    """
    return asking.verdict(current_user_id(), body["user_id"], asking.question_of(body))


@checks.post("/check-batch")
@read_only
@signed_in
@checks.arguments(CheckBatchSchema)
@checks.response(200, VerdictsSchema)
@checks.alt_response(404, "NOT_FOUND")
@checks.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=lambda body: len(body["checks"]))
def check_batch(body: dict[str, Any]) -> dict[str, Any]:
    """Many questions about you, or about somebody else"""
    caller_id, user_id = current_user_id(), body["user_id"]
    questions = [asking.question_of(question) for question in body["checks"]]
    return {
        "user_id": user_id or caller_id,
        "allowed": asking.verdicts(caller_id, user_id, questions),
    }


@checks.post("/check-users")
@read_only
@signed_in
@checks.arguments(CheckUsersSchema)
@checks.response(200, AllowedUsersSchema)
@checks.alt_response(404, "NOT_FOUND")
@checks.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK, cost=lambda body: ceil(len(body["user_ids"]) / PEOPLE_A_QUESTION))
def check_users(body: dict[str, Any]) -> dict[str, Any]:
    """Those of many users who have a permission in a place"""
    question = asking.question_of(body)
    return {"allowed": asking.allowed_users(current_user_id(), body["user_ids"], question)}


@checks.get("/me")
@signed_in
@checks.arguments(PlaceQuery, location="query")
@checks.response(200, EffectiveSchema)
@checks.alt_response(404, "NOT_FOUND")
@checks.alt_response(429, "TOO_MANY_REQUESTS")
@rate_limit(PERMISSION_ASK)
def my_permissions(query: dict[str, Any]) -> dict[str, Any]:
    """All your permissions in a place"""
    return query | {"permissions": asking.own_permissions(current_user_id(), **query)}
