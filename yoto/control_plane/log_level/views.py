"""Routes of ``/control/api/log-level``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.log_level import service
from yoto.control_plane.log_level.schemas import (
    LiveLogLevelSchema,
    LogLevelSchema,
    SetLogLevelSchema,
)
from yoto.http.acts import author
from yoto.http.control_api import ADMIN, VIEW, ControlBlueprint, right
from yoto.http.preconditions import etag, if_match_given, may_compare

Tagged = tuple[dict[str, Any], int, dict[str, str]]

log_level_control = ControlBlueprint(
    "log_level_control", __name__, "/log-level", "How much the fleet logs"
)


@log_level_control.get("")
@right(VIEW)
@log_level_control.response(200, LogLevelSchema)
def read_log_level() -> Tagged:
    """From which level on workers log"""
    return _tagged(service.state())


@log_level_control.put("")
@right(ADMIN)
@log_level_control.arguments(SetLogLevelSchema)
@log_level_control.response(200, LiveLogLevelSchema)
@may_compare(log_level_control)
def set_log_level(body: dict[str, Any]) -> Tagged:
    """Set the level of all workers, also of those that start later"""
    with if_match_given() as version:
        return _tagged(service.set_level(**body, by=author(), version=version))


def _tagged(state: dict[str, Any]) -> Tagged:
    return state, 200, etag(state["version"])
