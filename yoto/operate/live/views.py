"""The live views of operators, each made at most once a second for all viewers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Generic, TypedDict, TypeVar, cast

import msgspec
from flask import Flask, current_app

from yoto.collectors import health_components, measured_values
from yoto.errors import StoreUnavailable
from yoto.extensions import cache, fleet, monitor, permissions
from yoto.fleet import Worker, WorkerState
from yoto.health import probe
from yoto.monitor import names
from yoto.monitor.backends import WorkerStatus
from yoto.monitor.headlines import Headline, headline, without_networks
from yoto.monitor.health import HealthReport, assess
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.summary import summarise
from yoto.operate.instances import shown
from yoto.operate.live import causes, components, performance
from yoto.operate.live.breakdown import Breakdown, breakdown
from yoto.operate.live.components import Part
from yoto.operate.live.headline import Names, asked_sources
from yoto.operate.live.lines import Lines
from yoto.permission import MaintenanceStatus
from yoto.redis import RedisInfo
from yoto.resilience import get_resilience_controller
from yoto.room import of_rooms

T = TypeVar("T")


class Remembered(Generic[T]):
    """Calls ``find`` at most once in ``seconds``, and never twice at once; errors are not kept."""

    def __init__(self, find: Callable[[], T], seconds: float) -> None:
        self._find = find
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: tuple[T, float] | None = None

    def __call__(self) -> T:
        """The result, at most ``seconds`` old; raises as ``find``."""
        asked = time.monotonic()
        with self._lock:
            # A caller who waited for the lock takes the result that was found meanwhile.
            if self._found is None or self._found[1] <= asked:
                self._found = (self._find(), time.monotonic() + self._seconds)
            return self._found[0]


EXTENSION = "yoto.live_views"
# Seconds for which one view serves all viewers.
FRESH_SECONDS = 0.9
# The same for views that query every guard, the queues and the database.
ASKED_SECONDS = 2.0
# The same for suggestions, which are made from minutes of measurements.
SUGGESTED_SECONDS = 30.0
MINUTE = 60.0


class SuggestionReport(TypedDict):
    """One change of one setting, in the setting's unit."""

    id: str
    setting: str
    key: Annotated[str, "What it is called in the configuration"]
    unit: Annotated[str, "What `now` and `proposed` count, or `s`"]
    now: float
    proposed: float
    why: str
    effect: str
    confidence: float
    metric: Annotated[str, "The measurement that must not get worse"]
    code: Annotated[str, "What `why` and `effect` say, as a name"]
    figures: Annotated[dict[str, Any], "The values in `why`"]
    live: Annotated[bool, "Can be applied while workers run"]


class LiveViews:
    """The live views of one application; call them in a context of it."""

    def __init__(self, sockets_limit: int) -> None:
        """``sockets_limit``: sockets that one worker takes."""
        self._sockets_limit = sockets_limit
        self._lines = Lines()
        self._measured = Remembered(lambda: health_components(current_app), ASKED_SECONDS)
        self._breakdowns = {name: _remembered_breakdown(name) for name in performance.RANGES}
        self._asked = Remembered(asked_sources, ASKED_SECONDS)
        self._whole = Remembered(self._detailed, FRESH_SECONDS)
        self.suggested = Remembered(_suggestions_or_none, SUGGESTED_SECONDS)
        self.cache = Remembered(_cache, FRESH_SECONDS)
        self.latest = Remembered(lambda: performance.latest(monitor.current), FRESH_SECONDS)

    def detailed(self, networks: bool = False) -> dict[str, Any]:
        """The state of everything, with every server, metric and worker, and suggestions.

        Args:
            networks: whether the viewer may know from which networks others come.
        """
        return {**self._seen(networks), "suggestions": self.suggested()}

    def status(self, networks: bool = False) -> dict[str, Any]:
        """The state of everything without details of parts, and without suggestions."""
        found = self._seen(networks)
        main = [one for one in found["components"] if ":" not in one["name"]]
        rest = {key: found[key] for key in found if key not in ("components", "workers")}
        return {**rest, "components": main}

    def performance(self, range_name: str) -> dict[str, Any]:
        """The lines of charts; ``range_name`` of ``performance.RANGES``."""
        return self._lines.read(monitor.current, range_name)

    def breakdown(self, range_name: str) -> Breakdown:
        """The tables beside these charts."""
        return self._breakdowns[range_name]()

    def monitor(self) -> dict[str, Any]:
        """The state of the measuring itself, and the processes that measure."""
        current = monitor.current
        return {
            "at": _now(),
            "backend": msgspec.to_builtins(current.health()),
            "workers": [_recording(worker) for worker in current.workers()],
        }

    def resilience(self) -> dict[str, Any]:
        """The guards that this worker uses."""
        controller = get_resilience_controller()
        return {
            "at": _now(),
            "instance": fleet.current.id,
            "enabled": controller.enabled,
            "store": msgspec.to_builtins(controller.store.status()),
            "guards": [asdict(one) for one in controller.guards.counts()],
            "bulkheads": [asdict(one) for one in controller.guards.bulkhead_use()],
            "breakers": [msgspec.to_builtins(one) for one in controller.guards.breaker_states()],
        }

    def _seen(self, networks: bool) -> dict[str, Any]:
        found, headline_now = self._whole()
        shown = headline_now if networks else without_networks(headline_now)
        return {**found, "headline": msgspec.to_builtins(shown)}

    def _detailed(self) -> tuple[dict[str, Any], Headline]:
        results = probe().run()
        now = _now()
        workers = workers_or_none()
        values = measured_values(monitor.current)()
        health: HealthReport = assess(self._measured(), values)
        recorded = bool(values.get(names.FLUSHED_SECONDS))
        servers = (one.seen for one in results if isinstance(one.seen, RedisInfo))
        redis = next(servers, RedisInfo(None, False))
        status = _maintenance_or_none()
        silence = current_app.config["MAX_STALENESS"]
        parts: list[Part] = [
            *(components.with_servers(part, redis) for part in components.checked(results)),
            *of_rooms(current_app, lambda room: room.parts),
            components.log_part(cache.current.stats(), silence, now),
            *components.fleet_parts(workers, open_sockets(), self._sockets_limit, now),
            *components.redis_nodes(redis, now),
            *components.health_parts(health, recorded, now),
        ]
        headline_now = headline(
            {
                "components": causes.of_parts(parts),
                **self._asked(),
                "maintenance": None if status is None else causes.of_maintenance(status, Names()),
                "workers": None if workers is None else causes.of_workers(workers, now, silence),
            },
            well=[one.name for one in parts if one.group == "store" and one.state == components.OK],
        )
        found = {
            "at": now,
            "instance": fleet.current.id,
            "overall": components.overall(parts),
            "health": str(health.overall),
            "components": [part.to_plain(now) for part in parts],
            "maintenance": _ordered(status),
            "instances": _counted(workers),
            "workers": None if workers is None else [shown(one) for one in workers],
        }
        return found, headline_now


LONGEST_REMEMBERED = 60  # s for which counts are shown again


def _remembered_breakdown(range_name: str) -> Remembered[Breakdown]:
    seconds, resolution, step = performance.RANGES[range_name]

    def find() -> Breakdown:
        now = monitor.current.now()
        stretch = performance.Stretch(now - seconds, now, resolution, step)
        return breakdown(monitor.current, stretch)

    return Remembered(find, min(step, LONGEST_REMEMBERED))


def init_live(app: Flask, sockets_limit: int) -> None:
    """Give the application its live views."""
    app.extensions[EXTENSION] = LiveViews(sockets_limit)


def live_views() -> LiveViews:
    """The live views of the current application."""
    return cast(LiveViews, current_app.extensions[EXTENSION])


def maintenance() -> dict[str, Any]:
    """Whether there is maintenance now, and why; None: the database is unavailable."""
    return _ordered(_maintenance_or_none())


def _maintenance_or_none() -> MaintenanceStatus | None:
    try:
        return permissions.maintenance_status()
    except StoreUnavailable:
        return None


def _suggestions_or_none() -> list[SuggestionReport] | None:
    try:
        return of_rooms(current_app, lambda one: one.suggestions)
    except StoreUnavailable:
        return None


def _ordered(found: MaintenanceStatus | None) -> dict[str, Any]:
    if found is None:
        return {"enabled": None, "reason": None, "until_ms": None}
    until_ms = None if found.until is None else round(found.until.timestamp() * 1000)
    return {"enabled": found.enabled, "reason": found.reason, "until_ms": until_ms}


def open_sockets() -> int | None:
    """Connections of Socket.IO in this worker; None: it has no Socket.IO."""
    sockets = current_app.extensions.get("socketio")
    return None if sockets is None else len(sockets.server.eio.sockets)


def workers_or_none() -> list[Worker] | None:
    """Every worker; None: Redis is unavailable."""
    try:
        return fleet.current.all()
    except StoreUnavailable:
        return None


def _counted(workers: Sequence[Worker] | None) -> dict[str, int] | None:
    if workers is None:
        return None
    return {str(state): sum(one.state is state for one in workers) for state in WorkerState}


def _cache() -> dict[str, Any]:
    stats = cache.current.stats()
    workers = workers_or_none()
    row_fields = ("id", "state", "heard_ms", "log_position", "log_silent_s")
    return {
        "at": _now(),
        "instance": fleet.current.id,
        "here": asdict(stats),
        "last_minute": _last_minute(monitor.current),
        "workers": (
            None
            if workers is None
            else [
                {name: value for name, value in shown(one).items() if name in row_fields}
                for one in workers
            ]
        ),
    }


def _last_minute(monitoring: Monitoring) -> dict[str, Any]:
    reading = monitoring.recent(MINUTE)
    whole = next(iter(performance.joined(reading.points, 10**10)), None)
    if whole is None:
        rates: dict[str, Any] = dict.fromkeys(("hit_rate", "l1_hit_rate", "l2_hit_rate"))
        rates |= {"staleness_p99_ms": None, "stampedes_avoided": None}
    else:
        found = summarise(whole)
        rates = {
            "hit_rate": found.hit_rate,
            "l1_hit_rate": found.l1_hit_rate,
            "l2_hit_rate": found.l2_hit_rate,
            "staleness_p99_ms": None if found.staleness is None else found.staleness.p99,
            "stampedes_avoided": whole.counted(names.CACHE_EVENTS, event="stampedes_avoided"),
        }
    return {**rates, "complete": reading.complete}


def _recording(worker: WorkerStatus) -> dict[str, Any]:
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "state": str(worker.state),
        "silent_for_s": round(worker.silent_for, 3),
        "unreported_s": round(worker.unreported, 3),
        "gauges": {str(about): value for about, value in worker.gauges.items()},
    }


def _now() -> int:
    return round(time.time() * 1000)
