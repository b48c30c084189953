"""Lines of charts, kept in memory, and marks in them: acts, alerts, workers that began."""

from __future__ import annotations

import threading
from typing import Annotated, Any, Literal, TypedDict

from yoto.errors import StoreUnavailable
from yoto.monitor.history import Resolution
from yoto.monitor.monitoring import Monitoring
from yoto.operate.live.changes import PastChange, acts, happened, restarts
from yoto.operate.live.filters import TypeFilter
from yoto.operate.live.performance import (
    KEYS,
    NEEDED,
    RANGES,
    PerformancePoint,
    Stretch,
    joined,
    line_of,
)
from yoto.operate.permissions.names import named
from yoto.store.translation import translated

# s after the end of a point within which a worker that was held up may still deliver for it. Later
# deliveries, after an outage, change the stored points but not the lines kept here.
SETTLED = 120


class Lines:
    """The lines of one application, by range. Thread-safe; one reads, the others wait."""

    def __init__(self) -> None:
        self._ranges = {name: _Range(*RANGES[name]) for name in RANGES}

    def read(self, monitoring: Monitoring, range_name: str) -> dict[str, Any]:
        """The points of a range, oldest first; the last one is over."""
        found = self._ranges[range_name]
        now = monitoring.now()
        points, complete = found.read(monitoring, now)
        return _answer(range_name, found.step, complete, now, points)


def lines_of(monitoring: Monitoring, stretch: Stretch) -> dict[str, Any]:
    """The points of a stretch of time, as ``Lines.read`` gives those of a range."""
    reading = monitoring.read(stretch.resolution, stretch.since, stretch.until, NEEDED)
    points = [line_of(point) for point in joined(reading.points, stretch.step)]
    return _answer("", stretch.step, reading.complete, monitoring.now(), points)


def _answer(
    range_name: str, step: int, complete: bool, now: float, points: list[PerformancePoint]
) -> dict[str, Any]:
    return {
        "range": range_name,
        "resolution_s": step,
        "complete": complete,
        "at": round(now * 1000),
        "points": points,
        "keys": {key: {"unit": unit} for key, unit in KEYS.items()},
    }


class _Range:
    def __init__(self, seconds: int, resolution: Resolution, step: int) -> None:
        self.step = step
        self._seconds = seconds
        self._resolution = resolution
        self._lock = threading.Lock()
        self._settled: dict[int, PerformancePoint] = {}
        self._settled_until = 0.0

    def read(self, monitoring: Monitoring, now: float) -> tuple[list[PerformancePoint], bool]:
        end = now - now % self.step
        begin = end - self._seconds
        with self._lock:
            since = max(begin, self._settled_until)
            reading = monitoring.read(self._resolution, since, end, NEEDED)
            if not reading.complete:
                # Records of this worker alone must not be kept as those of all workers.
                reading = monitoring.read(self._resolution, begin, end, NEEDED)
                return [line_of(point) for point in joined(reading.points, self.step)], False
            fresh = {point.at: line_of(point) for point in joined(reading.points, self.step)}
            over = end - SETTLED
            over -= over % self.step
            known = {at: line for at, line in self._settled.items() if at >= begin}
            if over > self._settled_until:
                known |= {at: line for at, line in fresh.items() if at < over}
                self._settled_until = over
            self._settled = known
        whole = known | fresh
        return [whole[at] for at in sorted(whole)], True


# Marks of each kind: the newest.
MOST = 50
ALERTS = TypeFilter(["alert.raised", "alert.resolved"])


class Mark(TypedDict):
    """A moment to be marked in charts."""

    at: int
    kind: Literal["act", "alert", "restart"]
    what: Annotated[str, "The act, `alert.raised`, `alert.resolved`, or `worker.started`, ..."]
    id: Annotated[str, "Of the audit record, the alert or the worker"]
    subject: Annotated[str | None, "Of an alert its rule"]
    by: str | None
    by_name: Annotated[str | None, "Of an account that acted"]


class Marks(TypedDict):
    """The marks, oldest first."""

    items: list[Mark]
    unknown: Annotated[list[str], "What could not be asked: `act`, `alert`, `restart`"]


def marks_between(since: float, until: float) -> Marks:
    """The marks of a stretch of time, in epoch seconds."""
    items: list[Mark] = []
    unknown: list[str] = []
    if until <= since:  # it is yet to come
        return {"items": [], "unknown": []}
    for kind, find in (("act", _acts), ("alert", _alerts), ("restart", _restarts)):
        try:
            with translated():
                items += find(since, until)
        except StoreUnavailable:
            unknown.append(kind)
    return {"items": sorted(items, key=lambda one: one["at"]), "unknown": unknown}


def _acts(since: float, until: float) -> list[Mark]:
    found = [_mark("act", one, one["id"]) for one in acts(since, until, "operators", MOST)]
    people = named(one["by"] for one in found if one["by"])
    for one in found:
        known = people.get(one["by"] or "")
        one["by_name"] = known and known.name
    return found


def _alerts(since: float, until: float) -> list[Mark]:
    found = happened(since, until, ALERTS, MOST)
    return [
        {
            **_mark("alert", one, str(one["data"].get("alert_id"))),
            "subject": one["data"].get("rule"),
        }
        for one in found
    ]


def _restarts(since: float, until: float) -> list[Mark]:
    return [_mark("restart", one, one["id"]) for one in restarts(since, until)[:MOST]]


def _mark(kind: Literal["act", "alert", "restart"], change: PastChange, of: str) -> Mark:
    return {
        "at": round(change["at"] * 1000),
        "kind": kind,
        "what": change["what"],
        "id": of,
        "subject": change["subject"],
        "by": change["by"],
        "by_name": None,
    }
