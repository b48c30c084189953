"""Routes of emergencies."""

from __future__ import annotations

from typing import Any

from app.blueprints.emergency import service
from app.blueprints.emergency.schemas import (
    EmergencyAccessesSchema,
    EmergencyAccessSchema,
    EmergencySchema,
    EmergencyStateSchema,
    TakeSchema,
)
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission
from yoto.store.models import EmergencyAccess, PlatformSwitch

emergency = RestBlueprint(
    "emergency", __name__, url_prefix=API_PREFIX, description="When the rules must give way"
)

TAKE = "platform.emergency"
OPERATE = "platform.operate"


@emergency.get("/emergency-access")
@require_permission(TAKE)
@emergency.response(200, EmergencyAccessesSchema)
def list_emergency_access() -> dict[str, Any]:
    """Who took emergency access lately, and why"""
    return {"items": service.recent()}


@emergency.post("/emergency-access")
@require_permission(TAKE)
@once
@emergency.arguments(TakeSchema)
@emergency.response(201, EmergencyAccessSchema)
def take_emergency_access(body: dict[str, Any]) -> EmergencyAccess:
    """Take emergency access for yourself. The reason, and each use, is audited"""
    user_id = current_user_id()
    return service.take(user_id, actor_id=user_id, **body)


@emergency.delete("/emergency-access/<int:access_id>")
@require_permission(TAKE)
@emergency.response(200, EmergencyAccessSchema)
def end_emergency_access(access_id: int) -> EmergencyAccess:
    """End emergency access, yours or somebody else's"""
    return service.end(access_id, current_user_id())


@emergency.get("/emergency")
@require_permission(OPERATE)
@emergency.response(200, EmergencyStateSchema)
def read_emergency() -> PlatformSwitch:
    """Whether the platform is in an emergency"""
    return service.declared()


@emergency.put("/emergency")
@require_permission(OPERATE)
@emergency.arguments(EmergencySchema)
@emergency.response(200, EmergencyStateSchema)
def declare_emergency(body: dict[str, Any]) -> PlatformSwitch:
    """Declare an emergency, or that it is over: policies refuse what can wait meanwhile"""
    return service.declare(actor_id=current_user_id(), **body)
