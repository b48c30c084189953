"""Possible causes of an alert: its values over time, and the changes before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypedDict

from yoto.auth.operators import VIEW
from yoto.errors import StoreUnavailable
from yoto.extensions import monitor
from yoto.http.operation import Command, Subject
from yoto.moments import Epoch, moment
from yoto.monitor.alert_rules import AlertRule, Level
from yoto.monitor.signals import unit_of
from yoto.operate.live.changes import MOST, PastChange, acts, happened, restarts

from ..extension import alerts as platform
from ..past_values import past_values
from ..records import Alert

# s before the value went bad from which on changes are searched for.
BEFORE = 300.0
# s of the chart before the value went bad, s after the alert's end, and s at most in all.
AHEAD, AFTERWARDS, LONGEST = 900.0, 300.0, 6 * 3600.0
# Events that are no change, or that an audit record describes better.
_NO_CHANGES = frozenset({"task.progress", "permission.changed", "events.cleared"})
KINDS = ("audit", "event", "worker")


class Before(TypedDict):
    """Changes before an alert, newest first."""

    since: Annotated[Epoch, "Five minutes before the value went bad"]
    until: Annotated[Epoch, "When the alert was raised"]
    items: list[PastChange]
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
    names={Before: "AlertBefore", PastChange: "AlertChange", Threshold: "AlertThreshold"},
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
    items: list[PastChange] = []
    unknown: list[str] = []
    more = False
    sources: tuple[Callable[[], list[PastChange]], ...] = (
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


def _is_change(event: PastChange, alert: Alert) -> bool:
    return event["data"].get("alert_id") != alert.id and event["what"] not in _NO_CHANGES
