"""Routes of the AuthZEN API and its metadata document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.exceptions import HTTPException

from yoto.api.guards import PERMISSION_ASK
from yoto.auth.access import public, signed_in
from yoto.auth.identity import current_user_id
from yoto.errors import PlatformError
from yoto.http.database_problems import problem_of
from yoto.request.context import public_url, read_only
from yoto.resilience import rate_limit
from yoto.rooms.authzen import searches
from yoto.rooms.authzen.evaluation import Evaluator, number_of_questions
from yoto.rooms.authzen.wire import Object, document_of, evaluation_of

PREFIX = "/access/v1"

access = Blueprint("access", __name__)
# These apply even in an application with error handlers of its own.
for refusal in (HTTPException, PlatformError):
    access.register_error_handler(refusal, problem_of)

Answer = dict[str, Any]


@rate_limit(PERMISSION_ASK)
def evaluated(document: Object) -> Answer:
    """The answer to one question."""
    return Evaluator(current_user_id()).evaluate(evaluation_of(document))


@rate_limit(PERMISSION_ASK, cost=number_of_questions)
def all_evaluated(document: Object) -> Answer:
    """The answers to the questions of a document."""
    return Evaluator(current_user_id()).evaluate_all(document)


@rate_limit(PERMISSION_ASK, cost=lambda search, document: searches.questions_of(document))
def searched(search: Callable[[int, Object], Answer], document: Object) -> Answer:
    """The results of a search."""
    return search(current_user_id(), document)


@access.post(f"{PREFIX}/evaluation")
@read_only
@signed_in
def evaluation() -> dict[str, Any]:
    """May the subject do the action to the resource?"""
    return evaluated(document_of(request))


@access.post(f"{PREFIX}/evaluations")
@read_only
@signed_in
def evaluations() -> dict[str, Any]:
    """Many evaluations at once"""
    return all_evaluated(document_of(request))


@access.post(f"{PREFIX}/search/subject")
@read_only
@signed_in
def search_subject() -> dict[str, Any]:
    """Search for subjects that may do the action to the resource"""
    return searched(searches.search_subjects, document_of(request))


@access.post(f"{PREFIX}/search/resource")
@read_only
@signed_in
def search_resource() -> dict[str, Any]:
    """Search for resources to which the subject may do the action"""
    return searched(searches.search_resources, document_of(request))


@access.post(f"{PREFIX}/search/action")
@read_only
@signed_in
def search_action() -> dict[str, Any]:
    """Search for actions that the subject may do to the resource"""
    return searched(searches.search_actions, document_of(request))


@access.get("/.well-known/authzen-configuration")
@public("clients find the endpoints with it before they have an account")
def configuration() -> dict[str, str]:
    """The addresses of the endpoints (section 9)."""
    endpoints = {
        "access_evaluation_endpoint": evaluation,
        "access_evaluations_endpoint": evaluations,
        "search_subject_endpoint": search_subject,
        "search_resource_endpoint": search_resource,
        "search_action_endpoint": search_action,
    }
    here = public_url()
    return {"policy_decision_point": here} | {
        name: here + url_for(f".{view.__name__}") for name, view in endpoints.items()
    }
