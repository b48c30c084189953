"""One guard over time: the calls it allowed and rejected, and its callers one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Annotated, TypedDict, cast

from marshmallow.validate import OneOf

from yoto.auth.operators import VIEW
from yoto.errors import UnknownResource
from yoto.extensions import monitor
from yoto.monitor import names
from yoto.monitor.history import COARSE, MIDDLE, Point, Resolution
from yoto.operate.guard_state import GUARDED, TOP_IN_DETAIL, KeyUse, caller_parts
from yoto.operate.guards import check_known, guards
from yoto.operate.insight import has_insight
from yoto.operate.live.performance import joined
from yoto.permission import MASKED
from yoto.resilience import Kind, LimitedCall, get_resilience_controller, top_keys

__all__ = ["guards"]

# For each range, as in other charts: its seconds, its source, and the seconds of a point.
RANGES: dict[str, tuple[int, Resolution, int]] = {
    "10m": (600, MIDDLE, MIDDLE.seconds),
    "6h": (6 * 3600, MIDDLE, 60),
    "7d": (7 * 24 * 3600, COARSE, 900),
}
METRICS = frozenset({names.PASSES, names.REJECTIONS, names.BULKHEAD_HELD})
STEP = 10  # s in each step of a caller's line


class GuardPoint(TypedDict):
    """A step of time; null: no worker recorded then."""

    at: Annotated[int, "ms since 1970"]
    passes: Annotated[float | None, "Calls a second"]
    rejections: Annotated[float | None, "Calls a second"]
    in_flight: Annotated[float | None, "Of a bulkhead, on average"]


class GuardPoints(TypedDict):
    """A guard over time."""

    range: str
    step: Annotated[int, "Seconds"]
    complete: Annotated[bool, "False: of the worker that answers alone"]
    points: list[GuardPoint]


class CallerLine(KeyUse):
    """The calls of one caller, step by step."""

    passed_each: list[int]
    rejected_each: list[int]


class CallerLines(TypedDict):
    """The callers of a limit, the most rejected first."""

    since: datetime
    step: Annotated[int, "Seconds"]
    complete: Annotated[bool, "False: some calls, or some workers, are missing"]
    items: list[CallerLine]


@guards.operation("GET", "/<kind>/<name>/history", VIEW)
def read_guard_history(
    kind: str, name: str, range: Annotated[str, OneOf(list(RANGES))] = "10m"
) -> GuardPoints:
    """One guard over time, of all workers"""
    if kind not in GUARDED:
        raise UnknownResource("kind", kind, "kind")
    check_known(Kind(kind), name)
    seconds, resolution, step = RANGES[range]
    watching = monitor.current
    end = int(watching.now())
    end -= end % step
    reading = watching.read(resolution, end - seconds, end, METRICS)
    return {
        "range": range,
        "step": step,
        "complete": reading.complete,
        "points": [_point_of(one, kind, name) for one in joined(reading.points, step)],
    }


@guards.operation("GET", "/<kind>/<name>/callers", VIEW)
def read_guard_callers(kind: str, name: str) -> CallerLines:
    """The callers of a rate limit in the last minutes, over time"""
    if kind != Kind.RATE_LIMIT:
        raise UnknownResource("kind", kind, "kind")
    controller = get_resilience_controller()
    trail = controller.trails.read(Kind.RATE_LIMIT, check_known(Kind.RATE_LIMIT, name))
    calls = [cast(LimitedCall, one) for one in trail.calls if one.cost > 0]
    # Steps are counted back from the end, since an unfinished last step would look like a drop.
    ends = ceil(trail.until)
    steps = max(1, ceil((ends - int(calls[0].at)) / STEP)) if calls else 1
    start = ends - steps * STEP
    items = [
        cast(
            CallerLine,
            {
                **caller_parts(use.key),
                "passed": use.passed,
                "rejected": use.rejected,
                "passed_each": _each(calls, use.key, True, start, steps),
                "rejected_each": _each(calls, use.key, False, start, steps),
            },
        )
        for use in top_keys(calls, TOP_IN_DETAIL)
    ]
    if not has_insight():
        for one in items:
            one["address"] = None if one["address"] is None else MASKED
    return {
        "since": datetime.fromtimestamp(start, UTC),
        "step": STEP,
        "complete": trail.complete and trail.fleet,
        "items": items,
    }


def _each(
    calls: Sequence[LimitedCall], key: object, allowed: bool, start: int, steps: int
) -> list[int]:
    found = [0] * steps
    for call in calls:
        if call.key == key and call.allowed == allowed:
            found[min(steps - 1, int(call.at - start) // STEP)] += 1
    return found


def _point_of(point: Point, kind: str, name: str) -> GuardPoint:
    """The values of one guard; a count missing in a step that some worker recorded is 0."""
    recorded = bool(point.counters or point.gauges)
    counted = {names.PASSES: 0.0, names.REJECTIONS: 0.0}
    for about, added in point.counters.items():
        if about.name in counted and dict(about.labels) == {"kind": kind, "name": name}:
            counted[about.name] += added
    held: float | None = None
    for about, gauge in point.gauges.items():
        is_held = kind == Kind.BULKHEAD and about.name == names.BULKHEAD_HELD
        if is_held and dict(about.labels)["name"] == name:
            # Each worker reports its gauge once a second.
            held = gauge.total / point.seconds
    return {
        "at": point.at * 1000,
        "passes": counted[names.PASSES] / point.seconds if recorded else None,
        "rejections": counted[names.REJECTIONS] / point.seconds if recorded else None,
        "in_flight": held,
    }
