"""The facts that a worker reports at each heartbeat."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from yoto.cache import HybridPermissionCache, Tailer
from yoto.events import Events
from yoto.fleet import Fleet
from yoto.monitor import Monitor
from yoto.monitor.process import resident_bytes
from yoto.resilience import Resilience

S_TO_MS = 1000
# s between two values of the memory over time, and how many are kept: two hours, in some 250 bytes.
MEMORY_SECONDS, MEMORY_VALUES = 120.0, 60
MIB = 1 << 20


def worker_facts(app: Flask, version: str) -> Callable[[], Mapping[str, Any]]:
    """A callable that returns them; it asks no server.

    Args:
        version: of Yoto.

    Its facts: ``version``; ``async_mode``; ``started_at`` in ms since 1970; ``uptime_s``;
    ``config_version``; ``log_position`` and ``log_silent_s`` of the invalidation log, and
    ``log_took_ms``, the age of its newest entries when they were applied, by their positions;
    ``event_position`` and ``events_silent_s`` of the event stream, silences in seconds and None
    where this worker never listened; ``memory_bytes``, None where the system does not provide it,
    and ``memory_past_mib``, as it was each two minutes, oldest first; ``threads``; ``sockets``,
    open connections of Socket.IO. Without Socket.IO this and the mode are None.
    """
    started_at, began = round(time.time() * S_TO_MS), time.monotonic()

    memory: deque[int] = deque(maxlen=MEMORY_VALUES)
    next_value = began

    def memory_past(now: float, used: int | None) -> list[int]:
        nonlocal next_value
        if used is not None and now >= next_value:
            memory.append(round(used / MIB))
            next_value = now + MEMORY_SECONDS
        return list(memory)

    def facts() -> Mapping[str, Any]:
        log, events = HybridPermissionCache.of(app).tailer, Events.of(app).tailer
        sockets = app.extensions.get("socketio")
        used = resident_bytes()
        return {
            "version": version,
            "async_mode": None if sockets is None else sockets.async_mode,
            "started_at": started_at,
            "uptime_s": round(time.monotonic() - began, 1),
            "config_version": Resilience.of(app).background.config.sync.revision,
            "log_position": str(log.applied),
            "log_silent_s": _rounded(log.silent_for),
            "log_took_ms": took_ms(log, Monitor.of(app).redis_time()),
            "event_position": events.position,
            "events_silent_s": _rounded(events.silent_for),
            "memory_bytes": used,
            "memory_past_mib": memory_past(time.monotonic(), used),
            "threads": threading.active_count(),
            "sockets": None if sockets is None else len(sockets.server.eio.sockets),
        }

    return facts


def took_ms(log: Tailer, redis_time: float | None) -> dict[str, int]:
    """ms from the writing of a log's newest entries to their application here, by position.

    Args:
        redis_time: s since 1970 by the clock of Redis, as in positions; None: unknown, and so is
            every age.
    """
    if redis_time is None:
        return {}
    ahead = redis_time - time.monotonic()
    return {
        str(position): max(0, round((applied_at + ahead) * S_TO_MS) - position.ms)
        for position, applied_at in list(log.recent)
    }


def signs_of_life(app: Flask) -> Callable[[], Mapping[str, float]]:
    """A callable that returns, by worker, seconds since its last heartbeat.

    It raises ``StoreUnavailable`` when Redis does not answer.
    """
    return lambda: {worker.id: worker.heard_ms / S_TO_MS for worker in Fleet.of(app).all()}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
