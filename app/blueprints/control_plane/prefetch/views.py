"""Routes of ``/control/api/prefetch``."""

from __future__ import annotations

from typing import Any

from app.blueprints.control_plane.prefetch import service
from app.blueprints.control_plane.prefetch.schemas import (
    PrefetchStateSchema,
    SteerSchema,
    TaskSchema,
    TasksSchema,
)
from app.core.permission import require_permission
from app.http.auth import current_user_id
from app.http.control_api import ActSchema, ControlBlueprint

VIEW, OPERATE = "platform.view", "platform.operate"

prefetch_control = ControlBlueprint(
    "prefetch_control", __name__, "/prefetch", "How prefetching does, for operators"
)


@prefetch_control.get("")
@require_permission(VIEW)
@prefetch_control.response(200, PrefetchStateSchema)
def read_prefetch() -> dict[str, Any]:
    """How prefetching does, here and in the fleet"""
    return service.state()


@prefetch_control.get("/tasks")
@require_permission(VIEW)
@prefetch_control.response(200, TasksSchema)
def list_prefetch_tasks() -> dict[str, Any]:
    """Prefetches of the worker that answers"""
    return service.tasks()


@prefetch_control.post("/tasks/<int:task_id>/cancel")
@require_permission(OPERATE)
@prefetch_control.arguments(ActSchema)
@prefetch_control.response(200, TaskSchema)
def cancel_prefetch_task(body: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Do not load what still waits, in the worker that answers"""
    return service.cancel(current_user_id(), task_id, body["reason"])


@prefetch_control.post("/pause")
@require_permission(OPERATE)
@prefetch_control.arguments(SteerSchema)
@prefetch_control.response(200, PrefetchStateSchema)
def pause_prefetch(body: dict[str, Any]) -> dict[str, Any]:
    """Prefetch nothing, until it is resumed"""
    return service.steer(current_user_id(), False, **body)


@prefetch_control.post("/resume")
@require_permission(OPERATE)
@prefetch_control.arguments(SteerSchema)
@prefetch_control.response(200, PrefetchStateSchema)
def resume_prefetch(body: dict[str, Any]) -> dict[str, Any]:
    """Go on prefetching"""
    return service.steer(current_user_id(), True, **body)
