"""Requests by area, denials by reason and rejections by guard, over a stretch of time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Annotated, TypedDict

from yoto.monitor import names
from yoto.monitor.history import Point
from yoto.monitor.monitoring import Monitoring
from yoto.operate.live.performance import Stretch

# Rows of each table: the largest.
MOST = 50
NEEDED = frozenset({names.REQUESTS, names.DENIALS, names.REJECTIONS})


class AreaRequests(TypedDict):
    """Requests of one part of the API."""

    area: str
    total: int
    by_status: Annotated[dict[str, int], "`2xx` to `5xx`, and `planned`: a 503 that was ordered"]


class ReasonDenials(TypedDict):
    """Denials of one permission for one reason."""

    permission: str
    reason: str
    count: int


class GuardRejections(TypedDict):
    """Calls that one guard rejected."""

    kind: str
    name: str
    count: int


class Breakdown(TypedDict):
    """The three tables, the largest rows first, with counts of the whole stretch of time."""

    since: int
    until: int
    complete: Annotated[bool, "False: what this worker alone recorded"]
    requests: list[AreaRequests]
    denials: Annotated[list[ReasonDenials], "As far as the reason is known: memory knows none"]
    rejections: list[GuardRejections]


def breakdown(monitoring: Monitoring, stretch: Stretch) -> Breakdown:
    """The tables of a stretch of time."""
    reading = monitoring.read(stretch.resolution, stretch.since, stretch.until, NEEDED)
    whole = counted(reading.points)
    return {
        "since": round(stretch.since * 1000),
        "until": round(stretch.until * 1000),
        "complete": reading.complete,
        "requests": _requests(whole),
        "denials": [
            {
                "permission": about.get("permission", ""),
                "reason": about.get("reason", ""),
                "count": n,
            }
            for about, n in _most(whole, names.DENIALS)
        ],
        "rejections": [
            {"kind": about.get("kind", ""), "name": about.get("name", ""), "count": n}
            for about, n in _most(whole, names.REJECTIONS)
        ],
    }


def counted(points: Iterable[Point]) -> Point:
    """The sum of all points."""
    whole = Point(0, 1)
    for point in points:
        whole.merge(point)
    return whole


def _most(whole: Point, name: str) -> list[tuple[dict[str, str], int]]:
    found = [
        (dict(about.labels), round(count))
        for about, count in whole.counters.items()
        if about.name == name and count >= 1
    ]
    return sorted(found, key=lambda one: (-one[1], sorted(one[0].items())))[:MOST]


def _requests(whole: Point) -> list[AreaRequests]:
    areas: dict[str, Counter[str]] = defaultdict(Counter)
    for about, count in whole.counters.items():
        if about.name == names.REQUESTS:
            labels = dict(about.labels)
            areas[labels.get("area", "")][labels.get("status", "")] += round(count)
    rows: list[AreaRequests] = [
        {"area": area, "total": by_status.total(), "by_status": dict(sorted(by_status.items()))}
        for area, by_status in areas.items()
        if by_status.total()
    ]
    return sorted(rows, key=lambda one: (-one["total"], one["area"]))[:MOST]
