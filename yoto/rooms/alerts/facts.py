"""The events of alerts, each published exactly once."""

from __future__ import annotations

from yoto.events import Event, event_type


class AlertEvent(Event, frozen=True, kw_only=True):
    """The fields that all events of an alert share.

    Attributes:
        alert_id: the alert.
        rule, labels: its source.
        level: ``warning``, ``error`` or ``critical``; for a resolved alert the last one.
        peak_level, peak_value: the worst since it was raised; empty in actions on an alert.
    """

    alert_id: int
    rule: str
    labels: dict[str, str] = {}
    level: str
    peak_level: str = ""
    peak_value: float | None = None


@event_type("alert.raised")
class AlertRaised(AlertEvent, frozen=True, kw_only=True):
    """A new alert was raised.

    Attributes:
        value: the last one known.
        limit: the threshold that it is beyond; None for an alert about an unknown value.
        cause: ``value`` or ``unknown``.
        text: for people.
    """

    value: float | None = None
    limit: float | None = None
    cause: str = "value"
    text: str = ""


@event_type("alert.changed")
class AlertChanged(AlertEvent, frozen=True, kw_only=True):
    """An alert's level changed from ``old`` to ``level``; other fields as in ``AlertRaised``."""

    old: str
    value: float | None = None
    limit: float | None = None
    cause: str = "value"
    text: str = ""


@event_type("alert.resolved")
class AlertResolved(AlertEvent, frozen=True, kw_only=True):
    """An alert is over.

    Attributes:
        value: the last one known.
        limit: the threshold of the worst level.
        cause: ``value``; ``gone`` if its series ended, ``rule`` if its rule was removed.
        lasted_ms: ms since it was raised.
        text: for people.
    """

    value: float | None = None
    limit: float | None = None
    cause: str = "value"
    lasted_ms: int = 0
    text: str = ""


@event_type("alert.acknowledged")
class AlertAcknowledged(AlertEvent, frozen=True, kw_only=True):
    """An operator, ``by``, acknowledged an alert."""

    by: str
    note: str = ""


@event_type("alert.silenced")
class AlertSilenced(Event, frozen=True, kw_only=True):
    """Matching alerts send no notifications for a while.

    Attributes:
        silence_id: the silence.
        rule: a rule's name, or ``*`` for all.
        labels: labels that an alert must have to be silenced.
        until_ms: when it ends, in ms since 1970.
        by, reason: the operator, and why.
    """

    silence_id: int
    rule: str
    labels: dict[str, str] = {}
    until_ms: int
    by: str
    reason: str = ""


@event_type("alert.unsilenced")
class AlertUnsilenced(Event, frozen=True, kw_only=True):
    """An operator, ``by``, ended a silence before its time."""

    silence_id: int
    by: str
    reason: str = ""
