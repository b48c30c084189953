"""Devices that people have registered as their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow


class Device(Model):
    """A device, known by a secret that it alone keeps; ``token_hash`` is its SHA-256 in hex."""

    __tablename__ = "yoto_devices"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
