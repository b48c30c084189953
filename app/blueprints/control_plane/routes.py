"""The JSON routes of the control plane, in the order in which its API document lists them."""

from __future__ import annotations

from flask_smorest import Blueprint

from app.blueprints.control_plane.cache import cache_control, upkeep_control
from app.blueprints.control_plane.live import (
    events_control,
    instances_control,
    stats_control,
    status_control,
)
from app.blueprints.control_plane.locks import locks_control
from app.blueprints.control_plane.overrides import overrides_control
from app.blueprints.control_plane.prefetch import prefetch_control
from app.blueprints.control_plane.queues import queues_control
from app.blueprints.control_plane.session import session_control
from app.blueprints.control_plane.tasks import tasks_control
from app.blueprints.control_plane.tokens import tokens_control

CONTROL_REST: list[Blueprint] = [
    session_control,
    tokens_control,
    status_control,
    stats_control,
    events_control,
    instances_control,
    overrides_control,
    cache_control,
    upkeep_control,
    tasks_control,
    prefetch_control,
    queues_control,
    locks_control,
]
