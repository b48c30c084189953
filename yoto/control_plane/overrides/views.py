"""The route of ``/control/api/overrides``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.overrides import service
from yoto.control_plane.overrides.schemas import OverridesSchema
from yoto.http.control_api import VIEW, ControlBlueprint, right

overrides_control = ControlBlueprint(
    "overrides_control", __name__, "/overrides", "What is not as usual, for operators"
)


@overrides_control.get("")
@right(VIEW)
@overrides_control.response(200, OverridesSchema)
def read_overrides() -> dict[str, Any]:
    """What is not as usual"""
    return service.overrides()
