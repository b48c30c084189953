"""Alerts in the rest of the control plane: its search, first steps, headline and sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from yoto.api import audit
from yoto.monitor.alert_rules import AlertRule, Level
from yoto.monitor.headlines import ALERT, Condition, HeadlineCause
from yoto.monitor.signals import unit_of
from yoto.operate.finding import Hit, fits
from yoto.operate.live.causes import Names, topic_of_rule
from yoto.operate.live.filters import TypeFilter
from yoto.operate.live.headline import network_of_sign_ins
from yoto.operate.overrides import page_at

from ..extension import alerts
from ..records import Alert, AlertFilter

MOST_FOUND = 100


def find(text: str, most: int, called: Callable[[str, str], str]) -> Iterator[Hit]:
    """At most ``most`` alerts whose text or rule contains the text, and as many rules.

    Args:
        called: gives the name of a rule in the reader's language.
    """

    def wanted(rule: str) -> bool:
        return fits(f"{rule} {called('rule', rule)}", text)

    firing = alerts.service.list(AlertFilter(open=True), limit=MOST_FOUND).items
    fitting = [one for one in firing if wanted(one.rule) or fits(one.text, text)]
    for alert in fitting[:most]:
        name, labels = called("rule", alert.rule), " ".join(alert.labels.values())
        where = page_at("alerts", alert=str(alert.id))
        yield Hit("alert", f"alert:{alert.id}", name, labels or None, where)
    rules = [one.rule.name for one in alerts.rules.list() if wanted(one.rule.name)]
    for rule in rules[:most]:
        where = page_at("settings", part="thresholds", rule=rule)
        yield Hit("rule", "", called("rule", rule), rule, where)


def _has_webhook() -> bool:
    return bool(alerts.webhooks.list())


def _reached_somebody() -> bool:
    """Whether a receiver ever accepted a message; sending alone shows nothing."""
    found = audit.records(
        after=None, limit=1, since=None, until=None, action_prefix="alert.webhook.reached"
    )
    return bool(found.items)


FIRST_STEPS: Mapping[str, tuple[str, Callable[[], bool]]] = {
    "webhook": ("a webhook, so that alerts reach somebody", _has_webhook),
    "alert_test": ("a test of the webhook, to see that they do", _reached_somebody),
}


MOST_ALERTS = 100
FAILED_SIGN_INS = "failed_sign_ins"
_LEVELS = {
    Level.WARNING: Condition.DEGRADED,
    Level.ERROR: Condition.FAILED,
    Level.CRITICAL: Condition.FAILED,
}


def causes(names: Names) -> Iterator[HeadlineCause]:
    """The open alerts of the current application."""
    found = alerts.service.list(AlertFilter(open=True), limit=MOST_ALERTS).items
    if not found:
        return
    rules = {one.rule.name: one.rule for one in alerts.rules.list()}
    for cause in of_alerts(found, rules, names):
        failed_sign_ins = cause.name == FAILED_SIGN_INS
        yield replace(cause, network=network_of_sign_ins()) if failed_sign_ins else cause


def of_alerts(
    alerts: Iterable[Alert], rules: Mapping[str, AlertRule], named: Names
) -> Iterator[HeadlineCause]:
    """Alerts that hold. ``rules``: those of now, by name."""
    for alert in alerts:
        rule = rules.get(alert.rule)
        recovering = alert.recovering(rule)
        yield HeadlineCause(
            kind=ALERT,
            name=alert.rule,
            state=Condition.DEGRADED if recovering else _LEVELS[alert.level],
            level=alert.level.value,
            recovering=recovering,
            peak=alert.peak_value,
            limit=alert.limit,
            topic=topic_of_rule(alert.rule, alert.labels) or alert.key,
            labels=dict(alert.labels),
            detail=alert.text,
            value=alert.value,
            unit=None if rule is None else unit_of(rule.metric),
            by=None if alert.acknowledged_by is None else named(alert.acknowledged_by),
            reason=alert.note,
            since=round(alert.raised_at * 1000),
            where=page_at("alerts", alert=str(alert.id)),
            verb="acknowledge" if alert.acknowledged_by is None else "look",
        )


# Alerts that a snapshot holds at most; the list of all has pages.
MOST_SENT = 100


def _open_alerts() -> dict[str, Any]:
    page = alerts.service.list(AlertFilter(open=True), limit=MOST_SENT)
    return {"items": [_in_ms(msgspec.to_builtins(one)) for one in page.items], "next": page.next}


def _in_ms(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its moments changed from s to ms, as everywhere in sockets."""
    return {
        name: round(value * 1000) if name.endswith("_at") and value is not None else value
        for name, value in record.items()
    }


TOPICS = {"alerts": ("alert", TypeFilter(["alert.*"]), _open_alerts)}
