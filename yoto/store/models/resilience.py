"""The record of the resilience configuration: every version of every entry, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey


class ResilienceConfigChange(Model):
    """One version of one entry: the new value of its layer ``origin``.

    The unique version lets exactly one of two operators win who edit the same version.
    ``config_values`` is NULL after a delete. ``expires_at`` and ``at`` are Redis time.
    """

    __tablename__ = "yoto_resilience_config_changes"
    __table_args__ = (
        UniqueConstraint("kind", "name", "version"),
        Index(None, "kind", "name", "origin", "version"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(128))
    version: Mapped[int]
    origin: Mapped[str] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(16))
    config_values: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    expires_at: Mapped[datetime | None]
    author: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    at: Mapped[datetime]
