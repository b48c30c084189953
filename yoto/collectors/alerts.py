"""Measures of the evaluation of alerts, and of their delivery."""

from __future__ import annotations

from collections.abc import Iterator

from yoto.alerts import AlertState
from yoto.monitor import Counted, Measured, Sample, names

EVALUATIONS = ("evaluations", "left", "unelected", "value_failures", "degrade_failures")
MESSAGES = ("delivered", "failed", "given_up")


def alert_samples(alerts: AlertState) -> Iterator[Sample]:
    """This process's counters, and the age of the last evaluation it saw, its own or another's."""
    for what in EVALUATIONS:
        yield Counted(names.ALERT_EVENTS, getattr(alerts.evaluator.counts, what), {"event": what})
    for outcome in MESSAGES:
        count = getattr(alerts.deliverer.counts, outcome)
        yield Counted(names.ALERT_MESSAGES, count, {"outcome": outcome})
    if alerts.started:
        yield Measured(names.ALERT_SILENCE, alerts.evaluator.silent_for)
