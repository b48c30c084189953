"""How the cache is: what each tier answered, what is remembered, and how far each worker is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from yoto.cache import TieredCache
from yoto.errors import StoreUnavailable
from yoto.extensions import cache, events, monitor
from yoto.monitor import MIDDLE, Point, WorkerState, WorkerStatus, names, series
from yoto.store.db import utcnow

WINDOW = 600  # s that counts of tiers are of
# s after which a worker that is silent and never said that it ends is left out.
FORGOTTEN = 600.0
FOLLOWING, CUT_OFF, UNKNOWN = "following", "cut_off", "unknown"
TIERS = ("l1", "l2", "db")
# Kinds of memory whose keys are users.
USER_KINDS = ("users", "conditional")


def picture() -> dict[str, Any]:
    """All of it; what nobody can tell is None."""
    current = cache.current
    now = monitor.current.now()
    reading = monitor.current.read(MIDDLE, now - WINDOW)
    newest = _newest(current)
    stats = current.stats()
    return {
        "instance": events.of(current_app).instance_id,
        "at": utcnow(),
        "window": {"seconds": WINDOW, "complete": reading.complete},
        "tiers": [_tier(tier, reading.points) for tier in TIERS],
        "events": _events(reading.points),
        "stores": [
            {
                "kind": kind,
                "keys": size,
                "capacity": stats.capacities[kind],
                "evictions": stats.evictions[kind],
            }
            for kind, size in stats.sizes.items()
        ],
        "log": {
            "position": stats.applied,
            "newest_number": newest,
            "max_staleness_s": current.settings.max_staleness,
        },
        "workers": _workers(current, newest),
    }


def _tier(tier: str, points: list[Point]) -> dict[str, Any]:
    def counted(result: str) -> int:
        return round(sum(p.counted(names.LOOKUPS, tier=tier, result=result) for p in points))

    found = {
        "hits": counted("hit"),
        "misses": counted("miss"),
        "bypassed": counted("bypassed"),
        "errors": counted("error"),
    }
    asked = sum(found.values())
    return {"tier": tier, **found, "hit_rate": found["hits"] / asked if asked else None}


def _events(points: list[Point]) -> dict[str, int]:
    found: dict[str, float] = {}
    for point in points:
        for about, count in point.counters.items():
            if about.name == names.CACHE_EVENTS:
                event = dict(about.labels)["event"]
                found[event] = found.get(event, 0) + count
    # At least this one is there, also before anybody counted.
    return {"stampedes_avoided": 0} | {event: round(count) for event, count in found.items()}


def _newest(current: TieredCache) -> int | None:
    try:
        return current.newest_number()
    except StoreUnavailable:
        return None


def _workers(current: TieredCache, newest: int | None) -> list[dict[str, Any]]:
    here = events.of(current_app).instance_id
    found = {here: _this_worker(current, here, newest)}
    for worker in monitor.current.workers():
        told = worker.state is WorkerState.ENDED or worker.silent_for > FORGOTTEN
        if worker.id != here and not told:
            found[worker.id] = _other_worker(worker, newest, current.settings.max_staleness)
    return [found[name] for name in sorted(found)]


def _this_worker(current: TieredCache, name: str, newest: int | None) -> dict[str, Any]:
    stats = current.stats()
    host, pid, _ = name.rsplit("-", 2)
    return {
        "id": name,
        "host": host,
        "pid": int(pid),
        "state": _state(stats.silent_for, 0.0, current.settings.max_staleness),
        "age_s": 0.0,
        "silence_s": stats.silent_for,
        **_lag(current.tailer.applied_number, newest),
        "keys": sum(stats.sizes[kind] for kind in USER_KINDS),
        "capacity": sum(stats.capacities[kind] for kind in USER_KINDS),
    }


def _other_worker(worker: WorkerStatus, newest: int | None, max_staleness: float) -> dict[str, Any]:
    gauges = worker.gauges
    silence = gauges.get(series(names.LOG_SILENCE))
    applied = gauges.get(series(names.LOG_APPLIED))
    heard = worker.state is WorkerState.ALIVE
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "state": _state(silence, worker.silent_for, max_staleness) if heard else UNKNOWN,
        "age_s": worker.silent_for,
        "silence_s": silence,
        **_lag(None if applied is None else round(applied), newest),
        "keys": _total(gauges, names.CACHE_ENTRIES),
        "capacity": _total(gauges, names.CACHE_CAPACITY),
    }


def _state(silence: float | None, age: float, max_staleness: float) -> str:
    """Whether the worker's memory may answer now, as far as its word of ``age`` ago tells."""
    if silence is None:
        return UNKNOWN
    if silence > max_staleness:
        return CUT_OFF
    # It followed then; what became of it since, nobody knows for longer than that.
    return FOLLOWING if silence + age <= max_staleness else UNKNOWN


def _lag(applied: int | None, newest: int | None) -> dict[str, int | None]:
    behind = None if applied is None or newest is None else max(0, newest - applied)
    return {"applied_number": applied, "behind": behind}


def _total(gauges: Mapping[Any, float], name: str) -> int | None:
    found = [gauges.get(series(name, {"kind": kind})) for kind in USER_KINDS]
    known = [value for value in found if value is not None]
    return round(sum(known)) if known else None
