"""The outbox: the tags of a committed change, until the invalidation log has them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow
from yoto.store.models.role import SUBJECT_LENGTH


class OutboxEvent(Model):
    """A subject that a transaction touched, such as ``user:42``; written in that transaction.

    ``position`` is the event's place in the invalidation log, NULL until it was appended there.
    """

    __tablename__ = "yoto_permission_outbox"
    __table_args__ = (Index(None, "published_at", "id"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    published_at: Mapped[datetime | None]
    position: Mapped[str | None] = mapped_column(String(32))
