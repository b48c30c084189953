"""The JSON routes of the control plane, in the order in which its API document lists them."""

from __future__ import annotations

from flask_smorest import Blueprint

from app.blueprints.control_plane.config import config_control
from app.blueprints.control_plane.guards import (
    breakers_control,
    bulkheads_control,
    degradation_control,
    guards_control,
    limiters_control,
)
from app.blueprints.control_plane.overrides import overrides_control
from app.blueprints.control_plane.prefetch import prefetch_control
from app.blueprints.control_plane.session import session_control
from app.blueprints.control_plane.tokens import tokens_control

CONTROL_REST: list[Blueprint] = [
    session_control,
    tokens_control,
    overrides_control,
    guards_control,
    breakers_control,
    limiters_control,
    bulkheads_control,
    degradation_control,
    config_control,
    prefetch_control,
]
