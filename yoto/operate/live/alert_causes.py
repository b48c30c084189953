"""Possible causes of an alert: its values over time, and the changes before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypedDict

from yoto.alerts import Alert
from yoto.auth.operators import VIEW
from yoto.collectors.past_values import past_values
from yoto.errors import StoreUnavailable
from yoto.extensions import alerts as platform
from yoto.extensions import events as stream_of
from yoto.extensions import fleet, monitor
from yoto.fleet import WorkerState
from yoto.moments import Epoch, at_ms, moment
from yoto.monitor.alert_rules import AlertRule, Level
from yoto.monitor.units import unit_of
from yoto.operate.audit import list_audit_records
from yoto.operate.live.events import Event, Wanted, page
from yoto.operate.live.filters import TypeFilter
from yoto.operate.operation import Command, Subject

# s before the value went bad from which on changes are searched for.
BEFORE = 300.0
# s of the chart before the value went bad, s after the alert's end, and s at most in all.
AHEAD, AFTERWARDS, LONGEST = 900.0, 300.0, 6 * 3600.0
MOST = 100  # changes of each source
# Events that are no change, or that an audit record describes better.
_NO_CHANGES = frozenset({"task.progress", "permission.changed", "events.cleared"})
KINDS = ("audit", "event", "worker")


class Change(TypedDict):
    """A change before an alert."""

    at: Epoch
    kind: Annotated[Literal["audit", "event", "worker"], "Where it is known from"]
    what: Annotated[str, "The act, the type of event, or `worker.started`, `worker.ended`, ..."]
    id: Annotated[str, "Of the record, the event or the worker"]
    subject: str | None
    by: Annotated[str | None, "As records name authors; null: nobody, or unknown"]
    reason: str | None
    data: Annotated[dict[str, Any], "What it was and became, the event's, or the worker's"]


class Before(TypedDict):
    """Changes before an alert, newest first."""

    since: Annotated[Epoch, "Five minutes before the value went bad"]
    until: Annotated[Epoch, "When the alert was raised"]
    items: list[Change]
    more: Annotated[bool, "There was more; the newest are here"]
    unknown: Annotated[list[str], "What could not be asked: `event`, `worker`"]


class Threshold(TypedDict):
    """A threshold of a rule."""

    level: Level
    at: float


class AlertPoint(TypedDict):
    """A value as an evaluation at that time would have had it."""

    at: int
    value: float | None


class AlertValues(TypedDict):
    """The value that an alert is about, over time."""

    unit: Annotated[str | None, "null: the rule is gone, and with it what was watched"]
    since: Epoch
    until: Epoch
    resolution_s: int
    complete: Annotated[bool, "False: what this worker alone recorded"]
    thresholds: Annotated[list[Threshold], "As of now"]
    points: list[AlertPoint]


alert_causes = Subject(
    "alert_causes",
    "/alerts",
    "How alerts came about",
    "alert",
    "alerts",
    names={Change: "AlertChange", Before: "AlertBefore", Threshold: "AlertThreshold"},
)


def _lines(found: Before, **given: Any) -> Iterator[str]:
    for one in found["items"]:
        notes = [one["subject"] or "", f"by {one['by']}" if one["by"] else "", one["reason"] or ""]
        yield f"{moment(one['at'])}  {one['what']}  {', '.join(filter(None, notes))}".rstrip()
    if not found["items"]:
        yield "Nothing is known to have changed."
    for source in found["unknown"]:
        yield f"Unknown: {source}s could not be asked."


@alert_causes.operation(
    "GET",
    "/<int:alert_id>/before",
    VIEW,
    Command("before", _lines, "Show what changed in the five minutes before ALERT_ID."),
)
def read_before(alert_id: int) -> Before:
    """Changes before an alert: acts of operators and on rights, events, and restarts

    The search begins five minutes before the value went bad, which was `hold` before the alert.
    Callers who may not read the whole audit log get only acts on the running platform.
    """
    alert = platform.service.get(alert_id)
    since, until = _went_bad(alert, _rule_of(alert)) - BEFORE, alert.raised_at
    items: list[Change] = []
    unknown: list[str] = []
    more = False
    sources: tuple[Callable[[], list[Change]], ...] = (
        lambda: acts(since, until, "operators_and_rights", MOST + 1),
        lambda: [one for one in happened(since, until) if _is_change(one, alert)],
        lambda: restarts(since, until),
    )
    for kind, changes in zip(KINDS, sources, strict=True):
        try:
            found = changes()
        except StoreUnavailable:
            unknown.append(kind)
            continue
        more = more or len(found) > MOST
        items += found[:MOST]
    items.sort(key=lambda one: one["at"], reverse=True)
    return {"since": since, "until": until, "items": items, "more": more, "unknown": unknown}


@alert_causes.operation("GET", "/<int:alert_id>/values", VIEW)
def read_alert_values(alert_id: int) -> AlertValues:
    """The value that an alert is about, from a quarter of an hour before it went bad

    As far as measurements are kept: by 10 s for six hours, by a minute for seven days.
    """
    alert = platform.service.get(alert_id)
    rule = _rule_of(alert)
    since = _went_bad(alert, rule) - AHEAD
    now = monitor.current.now()
    ends = now if alert.resolved_at is None else min(now, alert.resolved_at + AFTERWARDS)
    until = max(since, min(ends, since + LONGEST))
    if rule is None:
        return {
            "unit": None,
            "since": since,
            "until": until,
            "resolution_s": 60,
            "complete": True,
            "thresholds": [],
            "points": [],
        }
    found = past_values(monitor.current, rule, dict(alert.labels), since, until)
    return {
        "unit": unit_of(rule.metric),
        "since": since,
        "until": until,
        "resolution_s": found.seconds,
        "complete": found.complete,
        "thresholds": [
            {"level": level, "at": limit}
            for level, limit in zip(Level, rule.limits, strict=True)
            if limit is not None
        ],
        "points": [{"at": round(at * 1000), "value": value} for at, value in found.points],
    }


def _rule_of(alert: Alert) -> AlertRule | None:
    return next((one.rule for one in platform.rules.list() if one.rule.name == alert.rule), None)


def _went_bad(alert: Alert, rule: AlertRule | None) -> float:
    """The latest moment at which the value can have gone beyond the threshold: ``hold`` before."""
    return alert.raised_at - (0.0 if rule is None else rule.hold)


def acts(since: float, until: float, area: str, most: int) -> list[Change]:
    """Acts in [since, until) from the audit log, the newest first."""
    found = list_audit_records(
        after=None,
        limit=most,
        actor_id=None,
        actor=None,
        action=None,
        area=area,
        subject=None,
        server_id=None,
        since=at_ms(round(since * 1000)),
        until=at_ms(round(until * 1000)),
    )
    return [
        {
            "at": one.at.timestamp(),
            "kind": "audit",
            "what": one.action,
            "id": str(one.id),
            "subject": one.subject,
            "by": f"user:{one.actor.id}" if one.actor else _author(one.after),
            "reason": one.reason,
            "data": {"before": one.before, "after": one.after},
        }
        for one in found.items
    ]


def _author(after: Any) -> str | None:
    return after.get("author") if isinstance(after, dict) else None


def happened(
    since: float, until: float, types: TypeFilter | None = None, most: int = MOST + 1
) -> list[Change]:
    """Events in [since, until), the newest first; raises ``StoreUnavailable``."""
    wanted = Wanted(types or TypeFilter(), round(since * 1000), round(until * 1000))
    found: list[Event]
    found, _ = page(stream_of.stream, wanted, None, most)
    return [
        {
            "at": one["at"] / 1000,
            "kind": "event",
            "what": one["type"],
            "id": one["id"],
            "subject": _text(one["data"], "name"),
            "by": _text(one["data"], "by") or _text(one["data"], "author"),
            "reason": _text(one["data"], "reason"),
            "data": one["data"] or {},
        }
        for one in found
    ]


def _is_change(event: Change, alert: Alert) -> bool:
    return event["data"].get("alert_id") != alert.id and event["what"] not in _NO_CHANGES


def _text(data: Any, name: str) -> str | None:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value else None


def restarts(since: float, until: float) -> list[Change]:
    """Workers that began, announced their end, or sent their last heartbeat, in [since, until);
    raises ``StoreUnavailable``."""
    now = monitor.current.now()
    found: list[Change] = []
    for worker in fleet.current.all():
        started = worker.facts.get("started_at")
        moments = [("worker.started", started / 1000)] if isinstance(started, int) else []
        if worker.state in (WorkerState.ENDED, WorkerState.SILENT):
            moments.append((f"worker.{worker.state}", now - worker.heard_ms / 1000))
        found += [
            {
                "at": at,
                "kind": "worker",
                "what": what,
                "id": worker.id,
                "subject": worker.id,
                "by": None,
                "reason": None,
                "data": {"version": worker.facts.get("version")},
            }
            for what, at in moments
            if since <= at < until
        ]
    return sorted(found, key=lambda one: one["at"], reverse=True)
