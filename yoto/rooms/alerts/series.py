"""Metrics of alerts."""

from __future__ import annotations

from collections.abc import Iterator

from yoto.monitor.sources import Counted, Measured, Sample

from .extension import AlertState

ALERT_EVENTS = "yoto_alert_evaluation_events_total"
ALERT_SILENCE = "yoto_alert_evaluation_silent_for"
ALERT_MESSAGES = "yoto_alert_messages_total"

HELP = {
    ALERT_EVENTS: "evaluations of alerts, turns left to others, and what failed in them",
    ALERT_SILENCE: "seconds since a process last saw that anybody had evaluated the alerts",
    ALERT_MESSAGES: "messages to webhooks that were delivered, tried in vain, and given up",
}

EVALUATIONS = ("evaluations", "left", "unelected", "value_failures", "degrade_failures")
MESSAGES = ("delivered", "failed", "given_up")


def samples(alerts: AlertState) -> Iterator[Sample]:
    """This process's counters, and the age of the last evaluation it saw, by any worker."""
    for what in EVALUATIONS:
        yield Counted(ALERT_EVENTS, getattr(alerts.evaluator.counts, what), {"event": what})
    for outcome in MESSAGES:
        count = getattr(alerts.deliverer.counts, outcome)
        yield Counted(ALERT_MESSAGES, count, {"outcome": outcome})
    if alerts.started:
        yield Measured(ALERT_SILENCE, alerts.evaluator.silent_for)
