"""Routes of ``/control/api/suggestions``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.suggestions import service
from yoto.control_plane.suggestions.schemas import SuggestionActSchema, SuggestionsSchema
from yoto.http.acts import author
from yoto.http.control_api import OPERATE, VIEW, ControlBlueprint, right

suggestions_control = ControlBlueprint(
    "suggestions_control", __name__, "/suggestions", "What could be tuned, and what came of it"
)


@suggestions_control.get("")
@right(VIEW)
@suggestions_control.response(200, SuggestionsSchema)
def list_suggestions() -> dict[str, Any]:
    """What is suggested now, what is being observed, and what came of earlier ones"""
    return service.state()


@suggestions_control.post("/apply")
@right(OPERATE)
@suggestions_control.arguments(SuggestionActSchema)
@suggestions_control.response(200, SuggestionsSchema)
@suggestions_control.alt_response(409, "CONFLICT")
def apply_suggestion(body: dict[str, Any]) -> dict[str, Any]:
    """Follow a suggestion in all workers; it is taken back if it does harm"""
    return service.apply(body["id"], author(), body["reason"])


@suggestions_control.post("/restore")
@right(OPERATE)
@suggestions_control.arguments(SuggestionActSchema)
@suggestions_control.response(200, SuggestionsSchema)
@suggestions_control.alt_response(409, "CONFLICT")
def restore_suggestion(body: dict[str, Any]) -> dict[str, Any]:
    """Let a dismissed suggestion be made again"""
    return service.restore(body["id"], author(), body["reason"])


@suggestions_control.post("/dismiss")
@right(OPERATE)
@suggestions_control.arguments(SuggestionActSchema)
@suggestions_control.response(200, SuggestionsSchema)
@suggestions_control.alt_response(409, "CONFLICT")
def dismiss_suggestion(body: dict[str, Any]) -> dict[str, Any]:
    """Do not suggest that again"""
    return service.dismiss(body["id"], author(), body["reason"])
