"""Circuit breakers, rate limits, bulkheads and degradations, as operators see and steer them."""

from yoto.control_plane.guards.views import (
    breakers_control,
    bulkheads_control,
    degradation_control,
    guards_control,
    limiters_control,
)

__all__ = [
    "breakers_control",
    "bulkheads_control",
    "degradation_control",
    "guards_control",
    "limiters_control",
]
