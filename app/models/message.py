"""Messages in channels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, utcnow

MESSAGE_MAX_LENGTH = 4000  # characters


class Message(db.Model):
    """A message. Deleting one empties nothing: ``deleted_at`` hides it from every list."""

    __tablename__ = "messages"
    # Pages run backwards over (channel, id); the second index finds the pins of a channel.
    __table_args__ = (
        Index(None, "channel_id", "id"),
        Index(None, "channel_id", "pinned_at"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    content: Mapped[str] = mapped_column(String(MESSAGE_MAX_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    pinned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
