"""Announcements of alerts: their receivers, events and messages."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.events import Event, EventStream
from yoto.monitor.alert_rules import Level
from yoto.store.columns import utcnow

from .facts import AlertChanged, AlertEvent, AlertRaised, AlertResolved
from .model import AlertDeliveryRow, AlertWebhookRow
from .records import Alert, Silence, Webhook
from .tables import AlertRows, AlertStore


def is_silenced(alert: Alert, silences: Iterable[Silence], now: float) -> bool:
    """Whether an active silence matches the alert."""
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


def body_of(kind: str, data: Any, now: float) -> str:
    """The JSON text of a message: ``type``, ``timestamp`` and ``data``."""
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    message = {"type": kind, "timestamp": at.replace("+00:00", "Z"), "data": data}
    return msgspec.json.encode(message).decode()


def queue_access_request(session: Session, event: Event) -> None:
    """Queue a message about an access request to each webhook that accepts these, in the session's
    transaction.
    """
    wanted = select(AlertWebhookRow.id).where(
        AlertWebhookRow.removed_at.is_(None), AlertWebhookRow.access_requests
    )
    now = utcnow()
    for webhook_id in session.scalars(wanted):
        body = body_of(event.type, event, now.timestamp())
        session.add(
            AlertDeliveryRow(webhook_id=webhook_id, event=event.type, body=body, created_at=now)
        )


def queue_event(
    rows: AlertRows,
    event: AlertEvent,
    old: Level | None,
    new: Level | None,
    more: Mapping[str, Any],
) -> int:
    """Queue a message, with ``more`` in its data, to each webhook concerned; returns how many.

    It is stored in the transaction of the change that it announces.
    """
    body = body_of(event.type, {**msgspec.to_builtins(event), **more}, rows.now)
    concerned = [one for one in rows.webhooks() if concerns(one, old, new)]
    for webhook in concerned:
        rows.add_delivery(webhook.id, event.type, body)
    return len(concerned)


log = logging.getLogger(__name__)

BATCH = 200


class AlertPublisher:
    """Publishes the unpublished entries of the history, oldest first.

    An entry's number is its token. So publishing it twice, because two workers are at it or one
    died before it could mark the entry, makes one event.
    """

    def __init__(self, store: AlertStore, stream: EventStream) -> None:
        self._store = store
        self._stream = stream

    def publish(self) -> int:
        """Publish pending entries; returns how many. Without Redis they wait for the next call.

        Raises:
            StoreUnavailable: the store is unavailable.
        """
        total = 0
        while True:
            with self._store.reading() as rows:
                entries = rows.unpublished(BATCH)
            published: list[int] = []
            for entry in entries:
                if not self._stream.publish_once(entry.event, f"alert:{entry.id}"):
                    break
                published.append(entry.id)
            if published:
                with self._store.writing() as rows:
                    rows.mark_published(published)
            total += len(published)
            if len(published) < BATCH:
                return total
