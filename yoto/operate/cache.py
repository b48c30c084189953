"""The state of the cache: hits of each tier, entries in memory, and how far each worker is.

None stands for an unknown value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypedDict

from flask import current_app

from yoto.auth.operators import VIEW
from yoto.cache import TieredCache
from yoto.errors import StoreUnavailable
from yoto.extensions import cache as extension
from yoto.extensions import events, monitor
from yoto.http.operation import Subject
from yoto.monitor import names, series
from yoto.monitor.backends import WorkerState, WorkerStatus
from yoto.monitor.history import MIDDLE, Point
from yoto.store.columns import utcnow

WINDOW = 600  # s covered by the counts of tiers
# s after which a worker that is silent and never said that it ends is left out.
FORGOTTEN = 600.0
# Kinds of memory whose keys are users.
USER_KINDS = ("users", "conditional")

TierName: TypeAlias = Literal["l1", "l2", "db"]
TIERS: tuple[TierName, ...] = ("l1", "l2", "db")
Following: TypeAlias = Literal["following", "cut_off", "unknown"]

cache = Subject(
    "cache", "/cache", "The permission cache and its invalidation log", "entry", "cache"
)


class Tier(TypedDict):
    """The look-ups of one tier in the window, over all workers."""

    tier: TierName
    hits: int
    misses: int
    bypassed: Annotated[int, "Not asked, because Redis was silent too long"]
    errors: int
    hit_rate: Annotated[float | None, "Hits among look-ups, 0 to 1; null: no requests"]


class CountedTime(TypedDict):
    """The stretch of time that the counts of tiers and events cover."""

    seconds: int
    complete: Annotated[bool, "Of all workers; else of the one that answers"]


class Store(TypedDict):
    """One kind of entries in the memory of the worker that answers."""

    kind: str
    keys: int
    capacity: int
    evictions: int


class Log(TypedDict):
    """The invalidation log."""

    position: Annotated[str, "Applied by the worker that answers"]
    newest_number: Annotated[int | None, "Of the last entry; null: unknown, or there is none"]
    max_staleness_s: float


class Worker(TypedDict):
    """How far a worker follows the log, as of ``age_s`` ago."""

    id: str
    host: str
    pid: int
    state: Following
    age_s: Annotated[float, "Since the worker said so"]
    silence_s: Annotated[float | None, "Then, since it had last read the log to its end"]
    applied_number: int | None
    behind: Annotated[int | None, "Entries of the log by now that it had not applied then"]
    keys: Annotated[int | None, "Users in its memory"]
    capacity: int | None


class Cache(TypedDict):
    """The state of the cache."""

    instance: Annotated[str, "The worker that answers"]
    at: datetime
    window: CountedTime
    tiers: list[Tier]
    events: Annotated[dict[str, int], "What else was counted, such as `stampedes_avoided`"]
    stores: list[Store]
    log: Log
    workers: list[Worker]


@cache.operation("GET", "", VIEW)
def read_cache() -> Cache:
    """Tiers, sizes and hit rates, and how far each worker follows the log"""
    current = extension.current
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


def _tier(tier: TierName, points: list[Point]) -> Tier:
    def counted(result: str) -> int:
        return round(sum(p.counted(names.LOOKUPS, tier=tier, result=result) for p in points))

    hits, misses, bypassed, errors = map(counted, ("hit", "miss", "bypassed", "error"))
    asked = hits + misses + bypassed + errors
    return {
        "tier": tier,
        "hits": hits,
        "misses": misses,
        "bypassed": bypassed,
        "errors": errors,
        "hit_rate": hits / asked if asked else None,
    }


def _events(points: list[Point]) -> dict[str, int]:
    found: dict[str, float] = {}
    for point in points:
        for about, count in point.counters.items():
            if about.name == names.CACHE_EVENTS:
                event = dict(about.labels)["event"]
                found[event] = found.get(event, 0) + count
    # This event is listed even before the first one was counted.
    return {"stampedes_avoided": 0} | {event: round(count) for event, count in found.items()}


def _newest(current: TieredCache) -> int | None:
    try:
        return current.newest_number()
    except StoreUnavailable:
        return None


def _workers(current: TieredCache, newest: int | None) -> list[Worker]:
    here = events.of(current_app).instance_id
    found = {here: _this_worker(current, here, newest)}
    for worker in monitor.current.workers():
        gone = worker.state is WorkerState.ENDED or worker.silent_for > FORGOTTEN
        if worker.id != here and not gone:
            found[worker.id] = _other_worker(worker, newest, current.settings.max_staleness)
    return [found[name] for name in sorted(found)]


def _this_worker(current: TieredCache, name: str, newest: int | None) -> Worker:
    stats = current.stats()
    host, pid, _ = name.rsplit("-", 2)
    applied = current.tailer.applied_number
    return {
        "id": name,
        "host": host,
        "pid": int(pid),
        "state": _state(stats.silent_for, 0.0, current.settings.max_staleness),
        "age_s": 0.0,
        "silence_s": stats.silent_for,
        "applied_number": applied,
        "behind": _behind(applied, newest),
        "keys": sum(stats.sizes[kind] for kind in USER_KINDS),
        "capacity": sum(stats.capacities[kind] for kind in USER_KINDS),
    }


def _other_worker(worker: WorkerStatus, newest: int | None, max_staleness: float) -> Worker:
    silence = worker.gauges.get(series(names.LOG_SILENCE))
    gauge = worker.gauges.get(series(names.LOG_APPLIED))
    applied = None if gauge is None else round(gauge)
    alive = worker.state is WorkerState.ALIVE
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "state": _state(silence, worker.silent_for, max_staleness) if alive else "unknown",
        "age_s": worker.silent_for,
        "silence_s": silence,
        "applied_number": applied,
        "behind": _behind(applied, newest),
        "keys": _total(worker.gauges, names.CACHE_ENTRIES),
        "capacity": _total(worker.gauges, names.CACHE_CAPACITY),
    }


def _state(silence: float | None, age: float, max_staleness: float) -> Following:
    """Whether the worker's memory may answer now, judged by its report of ``age`` seconds ago."""
    if silence is None:
        return "unknown"
    if silence > max_staleness:
        return "cut_off"
    # It followed at its last report; beyond ``max_staleness`` its state since then is unknown.
    return "following" if silence + age <= max_staleness else "unknown"


def _behind(applied: int | None, newest: int | None) -> int | None:
    return None if applied is None or newest is None else max(0, newest - applied)


def _total(gauges: Mapping[Any, float], name: str) -> int | None:
    found = [gauges.get(series(name, {"kind": kind})) for kind in USER_KINDS]
    known = [value for value in found if value is not None]
    return round(sum(known)) if known else None
