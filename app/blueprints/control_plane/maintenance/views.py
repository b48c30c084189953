"""Routes of ``/control/api/maintenance``."""

from __future__ import annotations

from typing import Any

from app.blueprints.control_plane.maintenance import service
from app.blueprints.control_plane.maintenance.schemas import (
    MaintenanceSchema,
    TurnMaintenanceSchema,
)
from app.http.acts import author
from app.http.control_api import OPERATE, VIEW, ControlBlueprint, right

maintenance_control = ControlBlueprint(
    "maintenance_control", __name__, "/maintenance", "Closing the platform for a while"
)


@maintenance_control.get("/mode")
@right(VIEW)
@maintenance_control.response(200, MaintenanceSchema)
def read_maintenance_mode() -> dict[str, Any]:
    """Whether the platform is in maintenance"""
    return service.state()


@maintenance_control.put("/mode")
@right(OPERATE)
@maintenance_control.arguments(TurnMaintenanceSchema)
@maintenance_control.response(200, MaintenanceSchema)
def turn_maintenance_mode(body: dict[str, Any]) -> dict[str, Any]:
    """Turn everybody away from the product, or let them in again"""
    return service.turn(body["enabled"], until=body["until"], by=author(), reason=body["reason"])
