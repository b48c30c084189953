"""Snapshots of topics, which a client gets first, and after a gap."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import msgspec

from yoto.alerts import AlertFilter
from yoto.control_plane.socket.topics import (
    ALERTS,
    CACHE,
    EVENTS,
    MAINTENANCE,
    PERFORMANCE,
    STATUS,
    TASKS,
)
from yoto.errors import PlatformError
from yoto.events import StoredEvent, TaskFinished, TaskProgressed
from yoto.extensions import alerts, events
from yoto.operate.live.views import live_views, maintenance
from yoto.persistence import STORE_FAILURES

# Alerts that a snapshot holds at most; the list of all has pages.
MOST_ALERTS = 100
# Newest events in which running tasks are searched, and s after which a silent one is over.
LOOK_BACK = 500
SILENT_TASK = 600.0


def snapshot(topics: Iterable[str]) -> dict[str, Any]:
    """The data of each topic now; None: a store that it needs is unavailable."""
    return {topic: _found(topic) for topic in topics}


def state_of(topic: str) -> Any:
    """The data of a topic; raises the error of an unavailable store."""
    return _MAKERS[topic]()


def _found(topic: str) -> Any:
    try:
        return state_of(topic)
    except (PlatformError, *STORE_FAILURES):
        return None


def _ends() -> dict[str, Any]:
    info = events.stream.info()
    return {"first_id": info.first_id, "last_id": info.last_id}


def _open_alerts() -> dict[str, Any]:
    page = alerts.service.list(AlertFilter(open=True), limit=MOST_ALERTS)
    return {"items": [_in_ms(msgspec.to_builtins(one)) for one in page.items], "next": page.next}


def _in_ms(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its moments changed from s to ms, as everywhere in sockets."""
    return {
        name: round(value * 1000) if name.endswith("_at") and value is not None else value
        for name, value in record.items()
    }


def _tasks() -> dict[str, Any]:
    return {"items": running_tasks(events.stream.read_latest(LOOK_BACK), time.time() * 1000)}


def running_tasks(newest_first: Iterable[StoredEvent], now_ms: float) -> list[dict[str, Any]]:
    """The last event of each running task that published recently; the newest first."""
    ended: set[str] = set()
    found: dict[str, dict[str, Any]] = {}
    for stored in newest_first:
        event = stored.event
        if isinstance(event, TaskFinished):
            ended.add(event.task_id)
        elif isinstance(event, TaskProgressed):
            lately = now_ms - stored.at < SILENT_TASK * 1000
            if lately and event.task_id not in ended and event.task_id not in found:
                found[event.task_id] = {"at": stored.at, **msgspec.to_builtins(event)}
    return list(found.values())


_MAKERS = {
    STATUS: lambda: live_views().status(),
    PERFORMANCE: lambda: live_views().latest(),
    CACHE: lambda: live_views().cache(),
    EVENTS: _ends,
    ALERTS: _open_alerts,
    TASKS: _tasks,
    MAINTENANCE: maintenance,
}
