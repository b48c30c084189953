"""Routes of ``/control/api/log-level``."""

from __future__ import annotations

from typing import Any

from app.blueprints.control_plane.log_level import service
from app.blueprints.control_plane.log_level.schemas import LogLevelSchema, SetLogLevelSchema
from app.http.acts import author
from app.http.control_api import ADMIN, VIEW, ControlBlueprint, right

log_level_control = ControlBlueprint(
    "log_level_control", __name__, "/log-level", "How much the fleet logs"
)


@log_level_control.get("")
@right(VIEW)
@log_level_control.response(200, LogLevelSchema)
def read_log_level() -> dict[str, Any]:
    """From which level on workers log"""
    return service.state()


@log_level_control.put("")
@right(ADMIN)
@log_level_control.arguments(SetLogLevelSchema)
@log_level_control.response(200, LogLevelSchema)
def set_log_level(body: dict[str, Any]) -> dict[str, Any]:
    """Set the level of all workers, also of those that start later"""
    return service.set_level(body["level"], until=body["until"], by=author(), reason=body["reason"])
