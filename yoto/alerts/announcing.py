"""The event of a transition of an alert."""

from __future__ import annotations

from typing import Any

from yoto.monitor import Level

from .facts import AlertChanged, AlertEvent, AlertRaised, AlertResolved
from .records import Alert


def event_of(alert: Alert, old: Level | None) -> AlertEvent:
    """The event to publish for ``alert`` as it is now.

    Args:
        old: the level that the recipient knows; None: no alert.
    """
    about: dict[str, Any] = {
        "alert_id": alert.id,
        "rule": alert.rule,
        "labels": dict(alert.labels),
        "level": alert.level.value,
        "peak_level": alert.peak_level.value,
        "peak_value": alert.peak_value,
        "value": alert.value,
        "limit": alert.limit,
        "cause": alert.cause.value,
        "text": alert.text,
    }
    if alert.resolved_at is not None:
        lasted = round((alert.resolved_at - alert.raised_at) * 1000)
        return AlertResolved(lasted_ms=lasted, **about)
    if old is None:
        return AlertRaised(**about)
    return AlertChanged(old=old.value, **about)
