"""Snapshots of topics, which a client gets first, and after a gap."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from flask import current_app

from yoto.control_plane.socket.topics import (
    CACHE,
    EVENT_TOPICS,
    EVENTS,
    MAINTENANCE,
    PERFORMANCE,
    STATUS,
    TASKS,
    EventTopic,
)
from yoto.errors import PlatformError
from yoto.events import StoredEvent, TaskFinished, TaskProgressed
from yoto.extensions import events
from yoto.operate.live.views import live_views, maintenance
from yoto.persistence import STORE_FAILURES
from yoto.room import named_of_rooms

# Newest events in which running tasks are searched, and s after which a silent one is over.
LOOK_BACK = 500
SILENT_TASK = 600.0


def snapshot(topics: Iterable[str]) -> dict[str, Any]:
    """The data of each topic now; None: a store that it needs is unavailable."""
    return {topic: _found(topic) for topic in topics}


def state_of(topic: str) -> Any:
    """The data of a topic; raises the error of an unavailable store."""
    if topic in _MAKERS:
        return _MAKERS[topic]()
    _, _, make = named_of_rooms(current_app, lambda one: one.topics)[topic]
    return make()


def event_topics() -> Mapping[str, EventTopic]:
    """The topics from the event stream that the current application has."""
    of_rooms = named_of_rooms(current_app, lambda one: one.topics)
    return EVENT_TOPICS | {topic: (name, types) for topic, (name, types, _) in of_rooms.items()}


def _found(topic: str) -> Any:
    try:
        return state_of(topic)
    except (PlatformError, *STORE_FAILURES):
        return None


def _ends() -> dict[str, Any]:
    info = events.stream.info()
    return {"first_id": info.first_id, "last_id": info.last_id}


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
    TASKS: _tasks,
    MAINTENANCE: maintenance,
}
