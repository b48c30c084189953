"""Tasks of all workers, read from the events that they tell of themselves by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import current_app

from yoto.errors import UnknownResource
from yoto.events import StoredEvent, TaskFinished, TaskProgressed
from yoto.extensions import events
from yoto.moments import at_ms
from yoto.store.db import utcnow

PAGE = 500  # events a read
# Events that are looked through: all that the stream keeps, for one task; the newest for a list.
KEPT, LATE = 10_000, 2_000
SHOWN = 20  # tasks of a list
# s on top of what a step may take, after which nobody knows what became of a task.
PATIENCE = 10.0
_ID = re.compile(r"[0-9a-f]{16}")


def tasks() -> list[dict[str, Any]]:
    """Tasks of late, the newest first."""
    found: dict[str, list[StoredEvent]] = {}
    for stored in _newest_first(LATE):
        found.setdefault(_task_id(stored), []).append(stored)
    return [_told(one) for one in list(found.values())[:SHOWN]]


def task(task_id: str) -> dict[str, Any]:
    """One task.

    Raises:
        UnknownResource: nobody tells of it, or no longer.
    """
    found: list[StoredEvent] = []
    if _ID.fullmatch(task_id):
        for stored in _newest_first(KEPT):
            if _task_id(stored) == task_id:
                found.append(stored)
                if _is_first(stored):
                    break
    if not found:
        raise UnknownResource("task", task_id)
    return _told(found)


def _newest_first(limit: int) -> Iterator[StoredEvent]:
    """What tasks told, among the last ``limit`` events."""
    before = None
    for _ in range(0, limit, PAGE):
        page = events.stream.read_latest(PAGE, before)
        yield from (one for one in page if isinstance(one.event, (TaskProgressed, TaskFinished)))
        if len(page) < PAGE:
            return
        before = page[-1].id


def _is_first(stored: StoredEvent) -> bool:
    """Whether nothing older is to be expected: the first step of a warm-up begins."""
    event = stored.event
    return isinstance(event, TaskProgressed) and (event.step, event.total) == ("cache_warmup", 0)


def _task_id(stored: StoredEvent) -> str:
    event = stored.event
    assert isinstance(event, (TaskProgressed, TaskFinished))
    return event.task_id


def _told(newest_first: list[StoredEvent]) -> dict[str, Any]:
    steps: dict[str, dict[str, Any]] = {}
    ended: TaskFinished | None = None
    task = ""
    for stored in reversed(newest_first):
        event = stored.event
        if isinstance(event, TaskProgressed):
            task = event.task
            steps[event.step] = {"name": event.step, "done": event.done, "total": event.total}
        elif isinstance(event, TaskFinished):
            task, ended = event.task, event
    last = newest_first[0]
    heard = at_ms(last.at)
    if ended is not None:
        state = "finished"
    else:
        patience = current_app.config["WARM_UP_SECONDS"] + PATIENCE
        state = "running" if (utcnow() - heard).total_seconds() < patience else "unknown"
    return {
        "id": _task_id(last),
        "task": task,
        "instance": last.source,
        "state": state,
        "began_at": at_ms(newest_first[-1].at),
        "heard_at": heard,
        "steps": list(steps.values()),
        "success": None if ended is None else ended.success,
        "seconds": None if ended is None else ended.seconds,
        "errors": [] if ended is None else ended.errors,
    }
