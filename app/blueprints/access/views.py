"""Routes of the AuthZEN API and its metadata document."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for

from app.blueprints.access import searches
from app.blueprints.access.evaluation import Evaluator
from app.blueprints.access.wire import document_of, evaluation_of
from app.http.access import public, signed_in
from app.http.auth import current_user_id
from app.http.context import read_only

PREFIX = "/access/v1"

access = Blueprint("access", __name__)


@access.post(f"{PREFIX}/evaluation")
@read_only
@signed_in
def evaluation() -> dict[str, Any]:
    """May the subject do the action to the resource?"""
    asked = evaluation_of(document_of(request))
    return Evaluator(current_user_id()).evaluate(asked)


@access.post(f"{PREFIX}/evaluations")
@read_only
@signed_in
def evaluations() -> dict[str, Any]:
    """The same many times."""
    return Evaluator(current_user_id()).evaluate_all(document_of(request))


@access.post(f"{PREFIX}/search/subject")
@read_only
@signed_in
def search_subject() -> dict[str, Any]:
    """Who may?"""
    return searches.search_subjects(current_user_id(), document_of(request))


@access.post(f"{PREFIX}/search/resource")
@read_only
@signed_in
def search_resource() -> dict[str, Any]:
    """To what?"""
    return searches.search_resources(current_user_id(), document_of(request))


@access.post(f"{PREFIX}/search/action")
@read_only
@signed_in
def search_action() -> dict[str, Any]:
    """What?"""
    return searches.search_actions(current_user_id(), document_of(request))


@access.get("/.well-known/authzen-configuration")
@public("clients find the endpoints with it before they have an account")
def configuration() -> dict[str, str]:
    """Where the endpoints are (section 9)."""
    endpoints = {
        "access_evaluation_endpoint": evaluation,
        "access_evaluations_endpoint": evaluations,
        "search_subject_endpoint": search_subject,
        "search_resource_endpoint": search_resource,
        "search_action_endpoint": search_action,
    }
    return {"policy_decision_point": request.url_root.rstrip("/")} | {
        name: url_for(f".{view.__name__}", _external=True) for name, view in endpoints.items()
    }
