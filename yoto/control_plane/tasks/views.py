"""Routes of ``/control/api/tasks``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.tasks import service
from yoto.control_plane.tasks.schemas import BackgroundTaskSchema, BackgroundTasksSchema
from yoto.http.control_api import VIEW, ControlBlueprint, right

tasks_control = ControlBlueprint(
    "tasks_control", __name__, "/tasks", "Work that goes on in the background"
)


@tasks_control.get("")
@right(VIEW)
@tasks_control.response(200, BackgroundTasksSchema)
def list_tasks() -> dict[str, Any]:
    """Tasks of late, of all workers"""
    return {"items": service.tasks()}


@tasks_control.get("/<task_id>")
@right(VIEW)
@tasks_control.response(200, BackgroundTaskSchema)
def read_task(task_id: str) -> dict[str, Any]:
    """How far a task is, whichever worker does it"""
    return service.task(task_id)
