"""Routes of ``/control/api/prefetch``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.cache.targets import user_number
from yoto.control_plane.prefetch import service
from yoto.control_plane.prefetch.schemas import (
    ForgetSchema,
    PrefetchStateSchema,
    SteerSchema,
    TaskSchema,
    TasksSchema,
)
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right

prefetch_control = ControlBlueprint(
    "prefetch_control", __name__, "/prefetch", "How prefetching does, for operators"
)


@prefetch_control.get("")
@right(VIEW)
@prefetch_control.response(200, PrefetchStateSchema)
def read_prefetch() -> dict[str, Any]:
    """How prefetching does, here and in the fleet"""
    return service.state()


@prefetch_control.get("/tasks")
@right(VIEW)
@prefetch_control.response(200, TasksSchema)
def list_prefetch_tasks() -> dict[str, Any]:
    """Prefetches of the worker that answers, and some of each worker"""
    return service.tasks()


@prefetch_control.post("/tasks/<int:task_id>/cancel")
@right(OPERATE)
@prefetch_control.arguments(ActSchema)
@prefetch_control.response(200, TaskSchema)
def cancel_prefetch_task(body: dict[str, Any], task_id: int) -> dict[str, Any]:
    """Do not load what still waits, in the worker that answers"""
    return service.cancel(task_id, body["reason"])


@prefetch_control.post("/forget")
@right(OPERATE)
@prefetch_control.arguments(ForgetSchema)
@prefetch_control.response(204)
def forget_behaviour(body: dict[str, Any]) -> None:
    """Delete what a user did; workers follow within a second"""
    service.forget(user_number(body["user_id"], "user_id"), body["reason"])


@prefetch_control.post("/pause")
@right(OPERATE)
@prefetch_control.arguments(SteerSchema)
@prefetch_control.response(200, PrefetchStateSchema)
def pause_prefetch(body: dict[str, Any]) -> dict[str, Any]:
    """Prefetch nothing, until it is resumed"""
    return service.steer(False, **body)


@prefetch_control.post("/resume")
@right(OPERATE)
@prefetch_control.arguments(SteerSchema)
@prefetch_control.response(200, PrefetchStateSchema)
def resume_prefetch(body: dict[str, Any]) -> dict[str, Any]:
    """Go on prefetching"""
    return service.steer(True, **body)
