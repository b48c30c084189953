"""Route of ``/control/api/forecasts``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.forecasts import service
from yoto.control_plane.forecasts.schemas import ForecastsSchema
from yoto.http.control_api import VIEW, ControlBlueprint, right

forecasts_control = ControlBlueprint(
    "forecasts_control", __name__, "/forecasts", "What is expected, and what was not as expected"
)


@forecasts_control.get("")
@right(VIEW)
@forecasts_control.response(200, ForecastsSchema)
def show_forecasts() -> dict[str, Any]:
    """What is expected of the next minutes, and the anomalies and drifts of the last day"""
    return service.state()
