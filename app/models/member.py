"""Memberships of users in servers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, utcnow


class Member(db.Model):
    """A user in a server. A banned row is not a membership; it only keeps the user out."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("server_id", "user_id"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    nickname: Mapped[str | None] = mapped_column(String(64))
    timeout_until: Mapped[datetime | None] = mapped_column(index=True)
    banned: Mapped[bool] = mapped_column(default=False, server_default=false())
    ban_reason: Mapped[str | None] = mapped_column(String(500))
    joined_at: Mapped[datetime] = mapped_column(default=utcnow)
