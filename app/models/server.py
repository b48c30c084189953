"""Servers (communities), their members, and the invites that lead into them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, utcnow


class Server(db.Model):
    """A community. Its owner has every server and channel permission in it.

    Policies read the rest: ``access_hours`` (as ``Channel.hours``) is when the server may be
    managed, ``blocked_networks`` from where it may not be (a list of CIDR texts, NULL: none), and
    ``device_required`` whether that takes a registered device.
    """

    __tablename__ = "servers"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    public: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    access_hours: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    blocked_networks: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    device_required: Mapped[bool] = mapped_column(default=False, server_default=false())
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
