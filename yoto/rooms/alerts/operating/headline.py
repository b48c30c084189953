"""Alerts as causes for which the platform is not "all normal"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from yoto.monitor.alert_rules import AlertRule, Level
from yoto.monitor.headlines import ALERT, Condition, HeadlineCause
from yoto.monitor.signals import unit_of
from yoto.operate.live.causes import Names, topic_of_rule
from yoto.operate.live.headline import network_of_sign_ins
from yoto.operate.overrides import page_at

from ..extension import alerts
from ..records import Alert, AlertFilter

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
