"""Background work of any worker, read from the events that tasks publish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, TypedDict

from flask import current_app

from yoto.auth.operators import VIEW
from yoto.events import StoredEvent, TaskFinished, TaskProgressed
from yoto.extensions import events
from yoto.http.operation import Subject
from yoto.moments import at_ms
from yoto.store.columns import utcnow

PAGE = 500  # events a read
# Events that are searched: for one task all that the stream keeps, for a list the newest.
KEPT, LATE = 10_000, 2_000
SHOWN = 20  # tasks of a list
# s beyond a step's longest duration, after which the state of a task is unknown.
PATIENCE = 10.0
_ID = re.compile(r"[0-9a-f]{16}")

tasks = Subject("tasks", "/tasks", "Work that goes on in the background", "task")


class TaskStep(TypedDict):
    """A part of a task that has begun."""

    name: str
    done: int
    total: Annotated[int, "0: nothing to count, or not yet"]


class BackgroundTask(TypedDict):
    """A task, as described by the event stream."""

    id: str
    task: Annotated[str, "What is done: `warm_up`"]
    instance: Annotated[str, "The worker that does it"]
    state: Annotated[
        Literal["running", "finished", "unknown"],
        "`unknown`: not heard of for longer than a step may take",
    ]
    began_at: datetime
    heard_at: datetime
    steps: list[TaskStep]
    success: Annotated[bool | None, "Null before the end"]
    seconds: Annotated[float | None, "How long it took"]
    errors: list[str]


class BackgroundTasks(TypedDict):
    """Recent tasks, the newest first."""

    items: list[BackgroundTask]


tasks.names = {TaskStep: "Step"}


@tasks.operation("GET", "", VIEW)
def list_tasks() -> BackgroundTasks:
    """Recent tasks, of all workers"""
    found: dict[str, list[StoredEvent]] = {}
    for stored in _newest_first(LATE):
        found.setdefault(_task_id(stored), []).append(stored)
    return {"items": [_shown(one) for one in list(found.values())[:SHOWN]]}


@tasks.operation("GET", "/<task_id>", VIEW)
def read_task(task_id: str) -> BackgroundTask | None:
    """The progress of a task in any worker"""
    found: list[StoredEvent] = []
    if _ID.fullmatch(task_id):
        for stored in _newest_first(KEPT):
            if _task_id(stored) == task_id:
                found.append(stored)
                if _is_first(stored):
                    break
    return _shown(found) if found else None


def _newest_first(limit: int) -> Iterator[StoredEvent]:
    """The events of tasks among the last ``limit`` events."""
    before = None
    for _ in range(0, limit, PAGE):
        page = events.stream.read_latest(PAGE, before)
        yield from (one for one in page if isinstance(one.event, (TaskProgressed, TaskFinished)))
        if len(page) < PAGE:
            return
        before = page[-1].id


def _is_first(stored: StoredEvent) -> bool:
    """Whether the event is a task's first: the first step of a warm-up begins."""
    event = stored.event
    return isinstance(event, TaskProgressed) and (event.step, event.total) == ("cache_warmup", 0)


def _task_id(stored: StoredEvent) -> str:
    event = stored.event
    assert isinstance(event, (TaskProgressed, TaskFinished))
    return event.task_id


def _shown(newest_first: list[StoredEvent]) -> BackgroundTask:
    last, heard = newest_first[0], at_ms(newest_first[0].at)
    patience = current_app.config["WARM_UP_SECONDS"] + PATIENCE
    steps: dict[str, TaskStep] = {}
    found: BackgroundTask = {
        "id": _task_id(last),
        "task": "",
        "instance": last.source,
        "state": "running" if (utcnow() - heard).total_seconds() < patience else "unknown",
        "began_at": at_ms(newest_first[-1].at),
        "heard_at": heard,
        "steps": [],
        "success": None,
        "seconds": None,
        "errors": [],
    }
    for stored in reversed(newest_first):
        event = stored.event
        if isinstance(event, TaskProgressed):
            steps[event.step] = {"name": event.step, "done": event.done, "total": event.total}
            found["task"] = event.task
        elif isinstance(event, TaskFinished):
            found |= {"state": "finished", "success": event.success, "seconds": event.seconds}
            found |= {"task": event.task, "errors": event.errors}
    return {**found, "steps": list(steps.values())}
