"""The tables of alerts: their state, history, silences, and webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, Boolean, Double, ForeignKey, Index, String, Text, event, false
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import FILLED, MYSQL_OPTIONS, Model, PrimaryKey
from yoto.store.models import SEALED
from yoto.store.models.idempotency import LONG_TEXT

# Characters; as long as the core package allows.
NAME = String(64)
LEVEL = String(16)
PERSON = String(128)
REASON = String(500)


class AlertRow(Model):
    """One alert from its raising to its end.

    ``open_key`` is a hash of rule and labels while the alert holds and NULL afterwards: being
    unique, it lets no second alert of the same be open. Times are the database's.
    """

    __tablename__ = "yoto_alerts"
    __table_args__ = (Index(None, "rule", "id"), Index(None, "resolved_at"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    open_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    rule: Mapped[str] = mapped_column(NAME)
    labels: Mapped[Any] = mapped_column(JSON)
    level: Mapped[str] = mapped_column(LEVEL)
    value: Mapped[float | None] = mapped_column(Double)
    threshold: Mapped[float | None] = mapped_column(Double)
    peak_level: Mapped[str] = mapped_column(LEVEL)
    peak_value: Mapped[float | None] = mapped_column(Double)
    cause: Mapped[str] = mapped_column(LEVEL)
    text: Mapped[str] = mapped_column(REASON)
    raised_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(PERSON)
    note: Mapped[str | None] = mapped_column(REASON)
    told_level: Mapped[str | None] = mapped_column(LEVEL)


class AlertBoardRow(Model):
    """The state of the evaluation: one row, whose version lets one worker of many continue."""

    __tablename__ = "yoto_alert_board"
    __table_args__ = ({**MYSQL_OPTIONS, "info": {FILLED: True}},)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    evaluated_at: Mapped[datetime | None]
    tracks: Mapped[str] = mapped_column(LONG_TEXT)


class AlertHistoryRow(Model):
    """An event of an alert or a silence, and since when the event stream has it."""

    __tablename__ = "yoto_alert_history"
    __table_args__ = (Index(None, "alert_id", "id"), Index(None, "told_at", "id"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("yoto_alerts.id"))
    kind: Mapped[str] = mapped_column(NAME)
    data: Mapped[str] = mapped_column(LONG_TEXT)
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class AlertSilenceRow(Model):
    """Alerts that match send no notification until then."""

    __tablename__ = "yoto_alert_silences"
    __table_args__ = (Index(None, "until"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    rule: Mapped[str] = mapped_column(NAME)
    labels: Mapped[Any] = mapped_column(JSON)
    until: Mapped[datetime]
    by: Mapped[str] = mapped_column(PERSON)
    reason: Mapped[str] = mapped_column(REASON)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(PERSON)


class AlertWebhookRow(Model):
    """A target for alerts, and for access requests where these are wanted, too.

    ``url`` and ``secret`` are sealed, see ``yoto.sealing``; ``secret`` signs, and is emptied when
    the webhook is removed.
    """

    __tablename__ = "yoto_alert_webhooks"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(NAME)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(255))
    min_level: Mapped[str] = mapped_column(LEVEL)
    access_requests: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by: Mapped[str] = mapped_column(PERSON)
    created_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class AlertDeliveryRow(Model):
    """One message to one webhook; ``settled_at`` is NULL while it waits."""

    __tablename__ = "yoto_alert_deliveries"
    __table_args__ = (
        Index(None, "webhook_id", "settled_at", "id"),
        Index(None, "settled_at"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("yoto_alert_webhooks.id"))
    event: Mapped[str] = mapped_column(NAME)
    body: Mapped[str] = mapped_column(LONG_TEXT)
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    delivered: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(200))


# As in the migration that makes the first tables: where the room is switched on later, the table is
# made from this class.
event.listen(
    AlertBoardRow.__table__,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "INSERT INTO yoto_alert_board (id, version, tracks) VALUES (1, 0, '{}')"
    ),
)
SEALED[AlertWebhookRow] = {"url": "alert_webhooks.url", "secret": "alert_webhooks.secret"}
# Each after those that its rows refer to.
MODELS = (
    AlertRow,
    AlertBoardRow,
    AlertHistoryRow,
    AlertSilenceRow,
    AlertWebhookRow,
    AlertDeliveryRow,
)
