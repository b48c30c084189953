"""The route of ``/control/api/overrides``."""

from __future__ import annotations

from typing import Any

from app.blueprints.control_plane.overrides import service
from app.blueprints.control_plane.overrides.schemas import OverridesSchema
from app.core.permission import require_permission
from app.http.control_api import ControlBlueprint

overrides_control = ControlBlueprint(
    "overrides_control", __name__, "/overrides", "What is not as usual, for operators"
)


@overrides_control.get("")
@require_permission("platform.view")
@overrides_control.response(200, OverridesSchema)
def read_overrides() -> dict[str, Any]:
    """What is not as usual"""
    return service.overrides()
