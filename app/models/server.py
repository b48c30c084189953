"""Servers (communities) and the invites that lead into them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import MYSQL_OPTIONS, PrimaryKey, db, utcnow


class Server(db.Model):
    """A community. Its owner has every server and channel permission in it."""

    __tablename__ = "servers"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    public: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Invite(db.Model):
    """A code that lets its bearer join a server, within its limits."""

    __tablename__ = "invites"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
