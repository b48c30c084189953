"""Records of alerts: frozen rows, the same from every store. Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from yoto.events import Event
from yoto.moments import Epoch
from yoto.monitor.alert_rules import AlertRule, Level

from .machine import Cause
from .track import Track

# Matches alerts of every rule.
EVERY_RULE = "*"
# Silences that may hold at a time.
MOST_SILENCES = 1_000
# s: the longest pause of a webhook after a failure.
FURTHEST_OFF = 3600.0
# The error of deliveries that waited for a webhook when it was removed.
WEBHOOK_REMOVED = "the webhook was removed"
# The error of deliveries that were given up before they were ever tried.
NEVER_TRIED = "it waited too long behind others"


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert from its raising to its end.

    Attributes:
        id: grows with time.
        key: the rule and the labels as one text; at most one alert of a key is open.
        rule, labels: its source.
        level: now, or when it ended.
        value: the last one known, at the last evaluation or at the end.
        limit: the threshold of its level; of a resolved alert, of its worst level.
        peak_level, peak_value: the worst since it was raised.
        cause: the cause of its last change.
        text: about the peak, so that it holds while the value falls, and afterwards.
        raised_at, changed_at: times of the raising and the last change.
        resolved_at: when it ended; None while it is open.
        acknowledged_at, acknowledged_by, note: the acknowledgement, if any.
        told_level: the level that webhooks were last notified of; None: nothing yet.
    """

    id: int
    key: str
    rule: str
    labels: Mapping[str, str]
    level: Level
    value: float | None
    limit: float | None
    peak_level: Level
    peak_value: float | None
    cause: Cause
    text: str
    raised_at: Epoch
    changed_at: Epoch
    resolved_at: Epoch | None = None
    acknowledged_at: Epoch | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    told_level: Level | None = None

    @property
    def open(self) -> bool:
        """Whether the alert is still open."""
        return self.resolved_at is None

    def recovering(self, rule: AlertRule | None) -> bool:
        """Whether the value is back while the alert still waits to end.

        Args:
            rule: its rule as of now; None: it was removed.
        """
        known = self.open and self.cause is Cause.VALUE
        if rule is None or not known or self.value is None or self.limit is None:
            return False
        return not rule.direction.beyond(self.value, self.limit)


@dataclass(frozen=True, kw_only=True)
class AlertFilter:
    """Filter for a list of alerts; None: any.

    Attributes:
        open: True for open ones, False for resolved ones.
        rule: the rule's name.
        level: the present or last level.
        acknowledged: whether they are acknowledged.
    """

    open: bool | None = None
    rule: str | None = None
    level: Level | None = None
    acknowledged: bool | None = None


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """A transition of an alert or a silence, as published in the event stream."""

    id: int
    at: Epoch
    event: Event
    alert_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A silence: matching alerts send no notifications, but are raised and shown all the same.

    Attributes:
        labels: labels with values that an alert must have.
        until: the time at which it ends by itself.
        ended_at, ended_by: its early end, and the operator.
    """

    id: int
    rule: Annotated[str, f"`{EVERY_RULE}`: every rule"]
    labels: Mapping[str, str]
    until: Epoch
    by: str
    reason: str
    created_at: Epoch
    ended_at: Epoch | None = None
    ended_by: str | None = None

    def active(self, now: float) -> bool:
        """Whether the silence is active at that time."""
        return self.ended_at is None and now < self.until

    def matches(self, rule: str, labels: Mapping[str, str]) -> bool:
        """Whether the silence matches alerts of this rule with these labels."""
        return self.rule in (EVERY_RULE, rule) and self.labels.items() <= labels.items()


@dataclass(frozen=True, kw_only=True)
class Board:
    """The state of the evaluation, for the next evaluator.

    Attributes:
        version: grows by one with each evaluation; a save names the version that was read.
        evaluated_at: time of the last evaluation; 0 for never.
        tracks: by key; None if the stored ones cannot be read.
        open_alerts: number of open alerts.
    """

    version: int
    evaluated_at: float
    tracks: Mapping[str, Track] | None
    open_alerts: int = 0


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A receiver of alerts.

    Attributes:
        url: may hold secrets; ``shown_url`` does not.
        secret: signs messages.
        min_level: alerts that never reached it are not sent.
        access_requests: whether access requests are sent, too.
        failures: failed deliveries since the last good one.
        next_at: time before which it is not tried.
        claimed_until: a worker has it to itself until then at most.
        removed_at: time of its removal; None while it is in use.
    """

    id: int
    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    min_level: Level
    created_by: str
    created_at: Epoch
    failures: int = 0
    next_at: float = 0.0
    claimed_until: float = 0.0
    removed_at: float | None = None
    access_requests: bool = False

    def due(self, now: float) -> bool:
        """Whether it may be tried and no worker has it. A due time further off than the longest
        pause was written before the clock was set back, and does not count."""
        return not any(now < at <= now + FURTHEST_OFF for at in (self.next_at, self.claimed_until))


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one webhook.

    Attributes:
        event: the type, such as ``alert.raised``.
        body: the message, JSON.
        attempts: tries so far.
        settled_at: time of the delivery or of giving up; None while it waits.
        delivered: whether it was delivered.
        status: HTTP status of the last response.
        error: the reason why the last try failed.
    """

    id: int
    webhook_id: int
    event: str
    body: str = field(repr=False)
    created_at: Epoch
    attempts: int = 0
    settled_at: Epoch | None = None
    delivered: bool = False
    status: int | None = None
    error: str | None = None
