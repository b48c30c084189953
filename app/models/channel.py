"""Categories and channels of a server."""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from app.models.user import EXTERNAL_ID_LENGTH
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, string_enum


class ChannelKind(enum.StrEnum):
    """The purpose of a channel."""

    TEXT = "text"
    ANNOUNCEMENT = "announcement"


class Category(db.Model):
    """A heading over channels, with overwrites that channels in sync with it take over."""

    __tablename__ = "categories"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(default=0, server_default="0")


class Channel(db.Model):
    """A place for messages. ``synced``: the overwrites in force are those of the category.

    ``external_id`` is how another application calls it: see docs/authzen.md.

    Policies read the rest: ``sensitivity`` is 0 to 4, ``hours`` when messages may be sent, in the
    server's time zone (``{"days": ["mon"], "from": "08:00", "to": "18:00"}``; NULL: at any time).
    """

    __tablename__ = "channels"
    __table_args__ = (
        Index(None, "server_id", "position"),
        UniqueConstraint("server_id", "external_id"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[ChannelKind] = mapped_column(
        string_enum(ChannelKind), default=ChannelKind.TEXT, server_default=ChannelKind.TEXT.value
    )
    topic: Mapped[str] = mapped_column(String(500), default="", server_default="")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    synced: Mapped[bool] = mapped_column(default=False, server_default=false())
    sensitivity: Mapped[int] = mapped_column(default=0, server_default="0")
    external_id: Mapped[str | None] = mapped_column(String(EXTERNAL_ID_LENGTH))
    hours: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
