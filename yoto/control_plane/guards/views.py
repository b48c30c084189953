"""Routes of ``/control/api`` for guards: ``/guards``, and what is done to each kind."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.guards import service
from yoto.control_plane.guards.schemas import (
    FEATURE_PAGE,
    GUARD_PAGE,
    FeatureSchema,
    ForceSchema,
    GuardQuery,
    GuardSchema,
    LevelSchema,
    LiveFeatureSchema,
    ReleasedSchema,
    ReleaseSchema,
    ResetDoneSchema,
    ResetKeySchema,
)
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery
from yoto.http.preconditions import etag, if_match_given, may_compare

guards_control = ControlBlueprint(
    "guards_control", __name__, "/guards", "Breakers, rate limits and bulkheads as they are"
)
breakers_control = ControlBlueprint(
    "breakers_control", __name__, "/breakers", "What is done to circuit breakers"
)
limiters_control = ControlBlueprint(
    "limiters_control", __name__, "/limiters", "What is done to rate limits"
)
bulkheads_control = ControlBlueprint(
    "bulkheads_control", __name__, "/bulkheads", "What is done to bulkheads"
)
degradation_control = ControlBlueprint(
    "degradation_control", __name__, "/degradation", "How far features are switched off"
)


@guards_control.get("")
@right(VIEW)
@guards_control.arguments(GuardQuery, location="query")
@guards_control.response(200, GUARD_PAGE)
def list_guards(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Every guard: its state, how many pass, what it refuses"""
    return service.guards(**query)


@guards_control.get("/<kind>/<name>")
@right(VIEW)
@guards_control.response(200, GuardSchema)
def read_guard(kind: str, name: str) -> dict[str, Any]:
    """One guard"""
    return service.guard(kind, name)


@breakers_control.post("/<name>/isolate")
@right(OPERATE)
@breakers_control.arguments(ForceSchema)
@breakers_control.response(200, GuardSchema)
def isolate_breaker(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Refuse every call, in every worker, until the expiry"""
    return service.force(service.ISOLATE, name, **body)


@breakers_control.post("/<name>/close")
@right(OPERATE)
@breakers_control.arguments(ForceSchema)
@breakers_control.response(200, GuardSchema)
def close_breaker(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Let every call in and count none, in every worker, until the expiry"""
    return service.force(service.CLOSE, name, **body)


@breakers_control.post("/<name>/reset")
@right(OPERATE)
@breakers_control.arguments(ActSchema)
@breakers_control.response(200, GuardSchema)
def reset_breaker(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Close it with nothing counted and nothing forced"""
    return service.force(service.RESET, name, **body)


@limiters_control.post("/<name>/reset-key")
@right(OPERATE)
@limiters_control.arguments(ResetKeySchema)
@limiters_control.response(200, ResetDoneSchema)
def reset_limiter_key(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Forget what a caller used: each dimension of which all parts are given"""
    return service.reset_key(name, **body)


@bulkheads_control.post("/<name>/release")
@right(OPERATE)
@bulkheads_control.arguments(ReleaseSchema)
@bulkheads_control.response(200, ReleasedSchema)
def release_bulkhead(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Give back the slots of workers that are gone, before their leases end"""
    return service.release(name, **body)


@degradation_control.get("")
@right(VIEW)
@degradation_control.arguments(PageQuery, location="query")
@degradation_control.response(200, FEATURE_PAGE)
def list_degradations(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Features that can be degraded, and how far they are"""
    return service.features(**query)


@degradation_control.get("/<name>")
@right(VIEW)
@degradation_control.response(200, FeatureSchema)
@degradation_control.alt_response(422, "UNPROCESSABLE_ENTITY")
def read_degradation(name: str) -> Any:
    """How far a feature is degraded, and who asks for it"""
    state = service.feature(name)
    return state, 200, etag(state["version"])


@degradation_control.post("/<name>/level")
@right(OPERATE)
@degradation_control.arguments(LevelSchema)
@degradation_control.response(200, LiveFeatureSchema)
@degradation_control.alt_response(409, "CONFLICT")
@may_compare(degradation_control)
def set_degradation(body: dict[str, Any], name: str) -> Any:
    """Set a feature's level, which wins over all others, or take it back"""
    with if_match_given() as version:
        state = service.set_level(name, **body, version=version)
    return state, 200, etag(state["version"])
