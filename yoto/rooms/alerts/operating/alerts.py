"""Alerts and silences. The alert service records and audits each act together with its change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, cast

import marshmallow as ma
import msgspec
from marshmallow.validate import Length

from yoto.auth.operators import OPERATE, VIEW
from yoto.http.fields import Name
from yoto.http.operation import After, Author, Command, Limit, Reason, Subject
from yoto.http.paging import PAGE_DEFAULT, PAGE_MAX, Page, cut
from yoto.http.shapes import Between, Seconds
from yoto.moments import Epoch, moment
from yoto.monitor.alert_rules import AlertRule, Level
from yoto.monitor.signals import unit_of

from ..extension import alerts as platform
from ..machine import Cause
from ..records import EVERY_RULE, MOST_SILENCES, Alert, AlertFilter, Silence

SHORTEST_SILENCE, LONGEST_SILENCE = 10, 30 * 24 * 3600  # s
RULE_LENGTH = 64  # characters
RuleName = Annotated[str, partial(Name, RULE_LENGTH)]
Labels = Annotated[
    Mapping[str, str] | None,
    partial(
        ma.fields.Dict,
        Name(RULE_LENGTH),
        ma.fields.String(validate=Length(max=RULE_LENGTH)),
        validate=Length(max=16),
        load_default=dict,
        allow_none=False,
    ),
]


class ShownAlert(TypedDict):
    """One alert, from its raising to its end."""

    id: int
    rule: str
    labels: Mapping[str, str]
    level: Annotated[Level, "Now, or when it ended"]
    value: Annotated[float | None, "Now, or when it ended; null: unknown"]
    limit: Annotated[float | None, "The threshold of its level; at its end that of the worst level"]
    peak_level: Annotated[Level, "The worst since it began"]
    peak_value: float | None
    unit: Annotated[str | None, "As of a rule; null: its rule is gone"]
    runbook: Annotated[str | None, "What to do; a path of this server, or an address; null: none"]
    cause: Cause
    text: str
    open: bool
    recovering: Annotated[bool, "It is firing still, but its value is back: it waits to end"]
    silenced: bool
    raised_at: Epoch
    changed_at: Epoch
    resolved_at: Epoch | None
    acknowledged_at: Epoch | None
    acknowledged_by: str | None
    note: str | None


class AlertEvent(TypedDict):
    """Something that happened to an alert."""

    id: int
    at: Epoch
    type: str
    data: Annotated[dict[str, Any], "As in the event stream"]


class AlertDetail(ShownAlert):
    """An alert with its history, newest first."""

    history: list[AlertEvent]
    history_next: Annotated[int | None, "`after` for the rest at `history`; null: that was all"]


alerts = Subject(
    "alerts",
    "/alerts",
    "Alerts and silences",
    "alert",
    "alerts",
    "See alerts, acknowledge and silence them, set their rules.",
    {ShownAlert: "Alert"},
)


@alerts.operation("GET", "", VIEW)
def list_alerts(
    state: Annotated[
        Literal["open", "over", "unclaimed", "any"],
        "`unclaimed`: firing and unacknowledged ones",
    ] = "open",
    rule: Annotated[str | None, partial(ma.fields.String, validate=Length(1, RULE_LENGTH))] = None,
    level: Level | None = None,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[ShownAlert]:
    """Alerts, newest first"""
    which = AlertFilter(
        open=None if state == "any" else state != "over",
        rule=rule,
        level=None if level is None else Level(level),
        acknowledged=False if state == "unclaimed" else None,
    )
    found = platform.service.list(which, after, limit)
    rules = _rules() if found.items else {}
    shown = [_shown(one, one.id in found.silenced, rules) for one in found.items]
    return Page(shown, found.next)


@alerts.operation("GET", "/<int:alert_id>", VIEW)
def read_alert(alert_id: int) -> AlertDetail:
    """An alert and its history"""
    alert = platform.service.get(alert_id)
    silenced = any(one.matches(alert.rule, alert.labels) for one in platform.service.silences())
    shown = _shown(alert, alert.open and silenced, _rules())
    past = read_alert_history(alert_id, None, PAGE_MAX)
    return {**shown, "history": list(past.items), "history_next": past.next}


@alerts.operation("GET", "/<int:alert_id>/history", VIEW)
def read_alert_history(
    alert_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[AlertEvent]:
    """The history of an alert, newest first"""
    found = cut(platform.service.history(alert_id, after, limit + 1), limit, lambda entry: entry.id)
    events: list[AlertEvent] = [
        {
            "id": entry.id,
            "at": entry.at,
            "type": entry.event.type,
            "data": msgspec.to_builtins(entry.event),
        }
        for entry in found.items
    ]
    return Page(events, found.next)


@alerts.operation("POST", "/<int:alert_id>/acknowledge", OPERATE)
def acknowledge_alert(alert_id: int, reason: Reason, by: Author) -> AlertDetail:
    """Acknowledge an alert that is still active"""
    platform.service.acknowledge(alert_id, by=by, note=reason)
    return read_alert(alert_id)


def _silence(found: Silence, **given: Any) -> list[str]:
    labels = "".join(f" {name}={value}" for name, value in found.labels.items())
    rule = "every rule" if found.rule == EVERY_RULE else found.rule
    ends = f"until {moment(found.until)} by {found.by}: {found.reason}"
    return [f"{found.id:>6}  {rule}{labels} {ends}"]


def _silences(found: Page[Silence], **given: Any) -> Iterator[str]:
    for one in found.items:
        yield from _silence(one)
    if not found.items:
        yield "There are no silences."


def _ended(found: Silence, **given: Any) -> list[str]:
    return [f"Silence {found.id} is over."]


@alerts.operation(
    "GET",
    "/silences",
    VIEW,
    Command(
        "silences",
        _silences,
        "Show the silences that hold.",
        {"active": True, "after": None, "limit": MOST_SILENCES},
    ),
)
def list_silences(
    active: Annotated[bool, partial(ma.fields.Boolean)] = True,
    after: After = None,
    limit: Annotated[int, Between(1, MOST_SILENCES)] = MOST_SILENCES,
) -> Page[Silence]:
    """Silences, newest first"""
    found = platform.service.silences(active, after, limit + 1)
    return cut(found, limit, lambda silence: silence.id)


@alerts.operation(
    "POST",
    "/silences",
    OPERATE,
    Command(
        "silence",
        _silence,
        f"Let alerts of RULE ('{EVERY_RULE}' for all) send no notifications for a while.",
        arguments=("rule",),
        called={"seconds": "for", "labels": "label"},
    ),
    body="NewSilence",
    status=201,
)
def begin_silence(
    rule: RuleName,
    *,
    labels: Labels = None,
    seconds: Annotated[int, Seconds(SHORTEST_SILENCE, LONGEST_SILENCE)],
    reason: Reason,
    by: Author,
) -> Silence:
    """Let alerts send no notifications for a while"""
    return platform.service.silence(rule, labels, seconds=seconds, by=by, reason=reason)


@alerts.operation(
    "POST",
    "/silences/<int:silence_id>/end",
    OPERATE,
    Command("unsilence", _ended, "End the silence SILENCE_ID."),
)
def end_silence(silence_id: int, reason: Reason, by: Author) -> Silence:
    """End a silence before its time"""
    return platform.service.unsilence(silence_id, by=by, reason=reason)


def _rules() -> dict[str, AlertRule]:
    return {one.rule.name: one.rule for one in platform.rules.list()}


def _shown(alert: Alert, silenced: bool, rules: Mapping[str, AlertRule]) -> ShownAlert:
    rule = rules.get(alert.rule)
    # The terminal prints every known field of an alert.
    more = {
        "unit": None if rule is None else unit_of(rule.metric),
        "runbook": platform.current.links.runbook(alert.rule, "" if rule is None else rule.runbook),
        "open": alert.open,
        "recovering": alert.recovering(rule),
        "silenced": silenced,
    }
    return cast(ShownAlert, {**vars(alert), **more})
