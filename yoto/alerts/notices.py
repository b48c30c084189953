"""Choice of recipients and notifications for an alert. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yoto.monitor import Level

from .records import Alert, Silence, Webhook


def is_silenced(alert: Alert, silences: Iterable[Silence], now: float) -> bool:
    """Whether an active silence is about the alert."""
    return any(one.active(now) and one.matches(alert.rule, alert.labels) for one in silences)


def unannounced(alerts: Iterable[Alert], silences: Sequence[Silence], now: float) -> list[Alert]:
    """The open alerts whose level has not been announced, unless they are silenced.

    An alert that still holds when its silence ends is announced then.
    """
    return [
        alert
        for alert in alerts
        if alert.open
        and alert.told_level is not alert.level
        and not is_silenced(alert, silences, now)
    ]


def concerns(webhook: Webhook, old: Level | None, new: Level | None) -> bool:
    """Whether a webhook is notified of a step from one level to another; None: no alert.

    A webhook that was notified of an alert is notified of its fall and its end too.
    """
    rank = max(level.rank if level is not None else 0 for level in (old, new))
    return rank >= webhook.min_level.rank
