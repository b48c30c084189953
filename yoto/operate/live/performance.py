"""Stretches of time as the lines of charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Any, TypedDict

from yoto.http.shapes import parts_of
from yoto.monitor import names
from yoto.monitor.history import COARSE, FINE, MIDDLE, RESOLUTIONS, Point, Resolution
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.summary import Quantiles, summarise

PER_SECOND, MS, RATIO = "per_second", "ms", "ratio"
PerSecond = Annotated[float | None, PER_SECOND]
Milliseconds = Annotated[float | None, MS]
Share = Annotated[float | None, RATIO]


class PerformancePoint(TypedDict):
    """The values of a chart's point, with their units; a ratio is a share from 0 to 1."""

    at: int
    checks_allowed: PerSecond
    checks_denied: PerSecond
    checks_unknown: PerSecond
    check_p50_ms: Milliseconds
    check_p95_ms: Milliseconds
    check_p99_ms: Milliseconds
    request_rate: PerSecond
    request_p95_ms: Milliseconds
    error_rate: Share
    l1_hit_rate: Share
    l2_hit_rate: Share
    staleness_p99_ms: Milliseconds
    rejection_rate: PerSecond


KEYS = {one.name: one.note(str) for one in parts_of(PerformancePoint) if one.name != "at"}
# The metrics from which points are made.
NEEDED = frozenset(
    {
        names.FLUSHED_SECONDS,
        names.CHECKS,
        names.CHECK_ERRORS,
        names.CHECK_TIME,
        names.REQUESTS,
        names.REQUEST_TIME,
        names.LOOKUPS,
        names.STALENESS,
        names.REJECTIONS,
    }
)
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
# For each range its seconds, its source, and the seconds that one point of a chart stands for: a
# line of some hundred and fifty points shows what happened, one of a thousand hairs.
LIVE = "10m"
RANGES: dict[str, tuple[int, Resolution, int]] = {
    LIVE: (10 * MINUTE, FINE, 5),
    "6h": (6 * HOUR, MIDDLE, 2 * MINUTE),
    "7d": (7 * DAY, COARSE, HOUR),
}
# Points at most for a stretch of time that the caller chose.
MOST_POINTS = 240


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, in epoch seconds.

    Attributes:
        since, until: half open.
        resolution: the resolution from which it is read.
        step: seconds that one point of a chart stands for.
    """

    since: float
    until: float
    resolution: Resolution
    step: int


def stretch_of(now: float, since: float, until: float) -> Stretch:
    """[since, until) in the finest resolution kept, in steps that make at most ``MOST_POINTS``."""
    since, until = max(since, now - COARSE.keep), min(until, now)
    kept = (one for one in RESOLUTIONS if now - since <= one.keep)
    resolution = next(kept, COARSE)
    points = max(1.0, (until - since) / resolution.seconds)
    step = resolution.seconds * ceil(points / MOST_POINTS)
    since -= since % step
    # An unfinished last step would show less than it will hold.
    return Stretch(since, max(until - until % step, min(until, since + step)), resolution, step)


def latest(monitoring: Monitoring) -> dict[str, Any]:
    """The last five complete seconds; all None if no worker recorded them, and ``complete`` False
    if only this worker is known to have.
    """
    _, resolution, step = RANGES[LIVE]
    end = int(monitoring.now()) // step * step
    reading = monitoring.read(resolution, end - step, end, NEEDED)
    point = next(joined(reading.points, step), Point(end - step, step))
    return {**line_of(point), "complete": reading.complete}


def joined(points: Iterable[Point], step: int) -> Iterator[Point]:
    """Points in order, merged into steps of ``step`` seconds."""
    whole: Point | None = None
    for point in points:
        begins = point.at - point.at % step
        if whole is not None and whole.at == begins:
            whole.merge(point)
            continue
        if whole is not None:
            yield whole
        whole = Point(begins, step)
        whole.merge(point)
    if whole is not None:
        yield whole


def line_of(point: Point) -> PerformancePoint:
    """One point: ``at``, and each of ``KEYS``; None where nothing was measured."""
    summary = summarise(point)
    # Without any worker's record, counts are unknown, not zero.
    recorded = bool(point.counters or point.gauges)

    def per_second(count: float) -> float | None:
        return round(count / point.seconds, 3) if recorded else None

    rejected = point.counted(names.REJECTIONS)
    return {
        "at": point.at * 1000,
        "checks_allowed": per_second(summary.allowed),
        "checks_denied": per_second(summary.denied),
        "checks_unknown": per_second(summary.check_errors),
        "check_p50_ms": _ms(summary.check, "p50"),
        "check_p95_ms": _ms(summary.check, "p95"),
        "check_p99_ms": _ms(summary.check, "p99"),
        "request_rate": per_second(summary.requests),
        "request_p95_ms": _ms(summary.request, "p95"),
        "error_rate": _share(summary.error_rate),
        "l1_hit_rate": _share(summary.l1_hit_rate),
        "l2_hit_rate": _share(summary.l2_hit_rate),
        "staleness_p99_ms": _ms(summary.staleness, "p99"),
        "rejection_rate": per_second(rejected),
    }


def _ms(found: Quantiles | None, share: str) -> float | None:
    return None if found is None else round(getattr(found, share), 3)


def _share(found: float | None) -> float | None:
    return None if found is None else round(found, 5)
