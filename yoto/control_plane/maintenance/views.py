"""Routes of ``/control/api/maintenance``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.maintenance import service
from yoto.control_plane.maintenance.schemas import MaintenanceSchema, TurnMaintenanceSchema
from yoto.http.acts import author
from yoto.http.control_api import OPERATE, VIEW, ControlBlueprint, right
from yoto.http.preconditions import etag, if_match_given, may_compare

Tagged = tuple[dict[str, Any], int, dict[str, str]]

maintenance_control = ControlBlueprint(
    "maintenance_control", __name__, "/maintenance", "Closing the platform for a while"
)


@maintenance_control.get("/mode")
@right(VIEW)
@maintenance_control.response(200, MaintenanceSchema)
def read_maintenance_mode() -> Tagged:
    """Whether the platform is in maintenance"""
    return _tagged(service.state())


@maintenance_control.put("/mode")
@right(OPERATE)
@maintenance_control.arguments(TurnMaintenanceSchema)
@maintenance_control.response(200, MaintenanceSchema)
@may_compare(maintenance_control)
def turn_maintenance_mode(body: dict[str, Any]) -> Tagged:
    """Turn everybody away from the product, or let them in again"""
    with if_match_given() as version:
        state = service.turn(
            body["enabled"],
            until=body["until"],
            by=author(),
            reason=body["reason"],
            version=version,
        )
    return _tagged(state)


def _tagged(state: dict[str, Any]) -> Tagged:
    return state, 200, {} if state["version"] is None else etag(state["version"])
