"""Traces of sign-ins: tokens that were revoked before they ran out, and registered devices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow

# The reason of a refresh token that was spent: its sign-in goes on.
ROTATED = "rotated"


class RevokedToken(Model):
    """A denied token: one refresh token by its id, or a whole sign-in by its family.

    Each sign-in starts a family; every access and refresh token made from it carries the family's
    id. Logging out, or using a refresh token twice, denies the family. Rows may be removed after
    ``expires_at``: by then the tokens they deny have run out by themselves.
    """

    __tablename__ = "yoto_revoked_tokens"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    token_key: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Device(Model):
    """A device, known by a secret that it alone keeps; ``token_hash`` is its SHA-256 in hex."""

    __tablename__ = "yoto_devices"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
