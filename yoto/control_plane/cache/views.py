"""Routes of ``/control/api/cache`` and ``/control/api/maintenance/{warmup,refresh}``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.cache import service
from yoto.control_plane.cache.picture import picture
from yoto.control_plane.cache.schemas import (
    CacheSchema,
    ForgetHotSchema,
    ForgottenHotSchema,
    InvalidatedSchema,
    InvalidateSchema,
    PreviewSchema,
    RefreshedSchema,
    StartedSchema,
    TargetSchema,
)
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right
from yoto.operate.targets import target_of, user_number

cache_control = ControlBlueprint(
    "cache_control", __name__, "/cache", "The permission cache and its invalidation log"
)
upkeep_control = ControlBlueprint(
    "upkeep_control", __name__, "/maintenance", "Warming up and refreshing the cache"
)


@cache_control.get("")
@right(VIEW)
@cache_control.response(200, CacheSchema)
def read_cache() -> dict[str, Any]:
    """Tiers, sizes and hit rates, and how far each worker follows the log"""
    return picture()


@cache_control.post("/invalidate/preview")
@right(VIEW)
@cache_control.arguments(TargetSchema)
@cache_control.response(200, PreviewSchema)
def preview_invalidation(body: dict[str, Any]) -> dict[str, Any]:
    """What an invalidation would hit; changes nothing"""
    return service.preview(target_of(body["kind"], body["id"]))


@cache_control.post("/invalidate")
@right(OPERATE)
@cache_control.arguments(InvalidateSchema)
@cache_control.response(200, InvalidatedSchema)
def invalidate_cache(body: dict[str, Any]) -> dict[str, str]:
    """Let every worker forget verdicts about a user, role, team, application, resource, or all"""
    target = target_of(body["kind"], body["id"])
    return service.invalidate(target, body["memory"], body["reason"])


@cache_control.post("/forget-hot")
@right(OPERATE)
@cache_control.arguments(ForgetHotSchema)
@cache_control.response(200, ForgottenHotSchema)
def forget_hot(body: dict[str, Any]) -> dict[str, int]:
    """Forget where a user asked for permissions, which warming up goes by"""
    return service.forget_hot(user_number(body["user_id"], "user_id"), body["reason"])


@cache_control.post("/warm-up")
@right(OPERATE)
@cache_control.arguments(ActSchema)
@cache_control.response(202, StartedSchema)
@cache_control.alt_response(409, "CONFLICT")
def warm_cache_up(body: dict[str, Any]) -> dict[str, str]:
    """Bring what is hot into the cache, in the background; 409 while that goes on"""
    return service.warm_up(body["reason"])


@upkeep_control.post("/warmup")
@right(OPERATE)
@upkeep_control.arguments(ActSchema)
@upkeep_control.response(202, StartedSchema)
@upkeep_control.alt_response(409, "CONFLICT")
def warm_platform_up(body: dict[str, Any]) -> dict[str, str]:
    """The same as `POST /cache/warm-up`"""
    return service.warm_up(body["reason"])


@upkeep_control.post("/refresh")
@right(OPERATE)
@upkeep_control.arguments(ActSchema)
@upkeep_control.response(202, RefreshedSchema)
@upkeep_control.alt_response(409, "CONFLICT")
def refresh_platform(body: dict[str, Any]) -> dict[str, str]:
    """Let every worker forget everything, then warm up in the background"""
    return service.refresh(body["reason"])
