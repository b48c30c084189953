"""The state of the platform, and its performance over time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, cast

from marshmallow.validate import OneOf

from yoto.auth.operators import VIEW
from yoto.errors import ValidationFailed
from yoto.extensions import monitor
from yoto.http.fields import Instant
from yoto.http.operation import Command, Subject
from yoto.moments import at_ms, moment
from yoto.monitor.headlines import Headline, HeadlineCause
from yoto.operate.insight import has_insight
from yoto.operate.instances import Instance
from yoto.operate.live.breakdown import Breakdown, breakdown
from yoto.operate.live.lines import Marks, lines_of, marks_between
from yoto.operate.live.performance import LIVE, RANGES, PerformancePoint, Stretch, stretch_of
from yoto.operate.live.views import SuggestionReport, live_views

State = Literal["ok", "degraded", "failed", "unknown"]


class Part(TypedDict):
    """A part of the platform."""

    name: str
    group: str
    state: State
    detail: str
    value: float | None
    unit: str | None
    limit: float | None
    at: int
    age_ms: int


class MaintenanceState(TypedDict):
    """Whether there is maintenance; null: unknown, the database is unavailable."""

    enabled: bool | None
    reason: str | None
    until_ms: Annotated[int | None, "null: it does not end by itself"]


class Status(TypedDict):
    """The state of everything."""

    at: int
    instance: Annotated[str, "The one that answers"]
    headline: Headline
    overall: State
    health: str
    components: list[Part]
    maintenance: MaintenanceState
    instances: Annotated[dict[str, int] | None, "Workers by state; null: Redis does not say"]


class DetailedStatus(Status):
    """The state of everything, with every server and worker, and suggestions for tuning."""

    workers: list[Instance] | None
    suggestions: Annotated[
        list[SuggestionReport] | None,
        "What could be tuned, the surest first, as it was at most 30 s ago; null: unknown now",
    ]


class Unit(TypedDict):
    """The unit of a key."""

    unit: str


class Performance(TypedDict):
    """Lines of charts; null where nothing was measured."""

    range: Annotated[str, "Empty: it is from `from` to `to`"]
    resolution_s: int
    complete: Annotated[bool, "False: what this worker alone recorded"]
    at: int
    points: list[PerformancePoint]
    keys: dict[str, Unit]
    marks: Annotated[Marks | None, "What happened meanwhile; null: it was not asked for"]


class Lag(TypedDict):
    """How far a worker has applied the invalidation log."""

    id: str
    state: str
    heard_ms: int
    log_position: str | None
    log_silent_s: float | None


class LastMinute(TypedDict):
    """Measurements of all workers in the last minute; null: there were none."""

    hit_rate: float | None
    l1_hit_rate: float | None
    l2_hit_rate: float | None
    staleness_p99_ms: float | None
    stampedes_avoided: float | None
    complete: bool


class CacheStats(TypedDict):
    """The permission cache."""

    at: int
    instance: str
    here: Annotated[dict[str, Any], "Of the worker that answers"]
    last_minute: LastMinute
    workers: list[Lag] | None


class MonitorStats(TypedDict):
    """The state of the measuring itself."""

    at: int
    backend: dict[str, Any]
    workers: list[dict[str, Any]]


class ResilienceStats(TypedDict):
    """The guards that one worker uses."""

    at: int
    instance: str
    store: dict[str, Any]
    guards: list[dict[str, Any]]
    bulkheads: list[dict[str, Any]]
    breakers: list[dict[str, Any]]


status = Subject(
    "status",
    "/status",
    "How everything is",
    "status",
    "control",
    names={HeadlineCause: "Cause", SuggestionReport: "Suggestion"},
)
stats = Subject("stats", "/stats", "How everything did", "statistic", "control")


@status.operation("GET", "", VIEW)
def read_status() -> Status:
    """The present state of everything"""
    return cast(Status, live_views().status(networks=has_insight()))


def _lines(found: DetailedStatus) -> Iterator[str]:
    for part in found["components"]:
        yield f"{part['state']:<9} {part['name']:<28} {_value(part):>14}  {part['detail']}"
    yield f"{found['overall']:<9} overall"
    headline: dict[str, Any] = cast(dict[str, Any], found["headline"])
    yield from map(_cause, headline["causes"])
    for one in found["suggestions"] or ():
        yield f"{'suggested':<9} {one['id']}  {one['why']}"
    yield "All systems normal" if headline["state"] == "ok" else f"{headline['state']:<9} headline"


def _value(part: Part) -> str:
    if part["value"] is None:
        return ""
    unit = "" if part["unit"] in (None, "count", "ratio") else f" {part['unit']}"
    return f"{part['value']:.4g}{unit}"


def _cause(cause: dict[str, Any]) -> str:
    """A cause of the headline as a line: its name, who ordered it and why, since when, how long."""
    labels = " ".join(f"{name}={value}" for name, value in (cause["labels"] or {}).items())
    notes = [
        cause["detail"],
        f"by {cause['by']}" if cause["by"] else "",
        cause["reason"] or "",
        f"most: {cause['caller']}" if cause["caller"] else "",
        f"since {moment(at_ms(cause['since']))}" if cause["since"] else "",
        f"until {moment(at_ms(cause['until']))}" if cause["until"] else "",
    ]
    about = ", ".join(note for note in notes if note)
    named = " ".join(part for part in (cause["kind"], cause["name"], labels) if part)
    return f"{cause['state']:<9} {named}  {about}".rstrip()


@status.operation(
    "GET",
    "/detailed",
    VIEW,
    Command("status", _lines, "Show every part of the platform, as this host sees it."),
)
def read_detailed_status() -> DetailedStatus:
    """The present state of everything, with every server, metric and worker, and suggestions"""
    return cast(DetailedStatus, live_views().detailed(networks=has_insight()))


Range = Annotated[str, OneOf(list(RANGES))]
Since = Annotated[datetime | None, partial(Instant, data_key="from"), "Instead of a range"]
Until = Annotated[datetime | None, partial(Instant, data_key="to"), "By default now"]


@stats.operation("GET", "/performance", VIEW)
def read_performance(
    range: Range = LIVE,
    since: Since = None,
    until: Until = None,
    marks: Annotated[bool, "Whether the answer has what happened meanwhile, too"] = False,
) -> Performance:
    """Decisions, requests, times, hit rates and rejections over time, of all workers"""
    if since is None:
        found = live_views().performance(range)
    else:
        found = lines_of(monitor.current, _between(since, until))
    happened = read_marks(range, since, until) if marks else None
    return cast(Performance, {**found, "marks": happened})


@stats.operation("GET", "/breakdown", VIEW)
def read_breakdown(range: Range = LIVE, since: Since = None, until: Until = None) -> Breakdown:
    """Requests by area and status, denials by reason, rejections by guard, of all workers"""
    if since is None:
        return live_views().breakdown(range)
    return breakdown(monitor.current, _between(since, until))


@stats.operation("GET", "/marks", VIEW)
def read_marks(range: Range = LIVE, since: Since = None, until: Until = None) -> Marks:
    """Acts of operators, alerts, and workers that began or ended, to be marked in charts"""
    if since is None:
        now = monitor.current.now()
        return marks_between(now - RANGES[range][0], now)
    stretch = _between(since, until)
    return marks_between(stretch.since, stretch.until)


def _between(since: datetime, until: datetime | None) -> Stretch:
    now = monitor.current.now()
    ends = now if until is None else until.timestamp()
    if ends <= since.timestamp():
        raise ValidationFailed({"to": "Must be after 'from'."})
    return stretch_of(now, since.timestamp(), ends)


@stats.operation("GET", "/cache", VIEW)
def read_cache_stats() -> CacheStats:
    """The permission cache: this worker's, all workers' last minute, and the lag of each"""
    return cast(CacheStats, live_views().cache())


@stats.operation("GET", "/monitor", VIEW)
def read_monitor_stats() -> MonitorStats:
    """The state of the measuring itself"""
    return cast(MonitorStats, live_views().monitor())


@stats.operation("GET", "/resilience", VIEW)
def read_resilience_stats() -> ResilienceStats:
    """The guards that this worker uses, and its connection to Redis"""
    return cast(ResilienceStats, live_views().resilience())
