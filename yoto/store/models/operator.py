"""Tokens of operators' programs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow


class ApiToken(Model):
    """A token of an operator. The secret itself is kept nowhere.

    Attributes:
        token_hash: SHA-256 of the whole token, in hex.
        rights: the part of its owner's permissions that it may use.
        epoch: the owner's ``token_epoch`` when it was made; it ends when that is raised.
        last_used_at: exact to the minute.
        revoked_at: when it was revoked.
    """

    __tablename__ = "yoto_api_tokens"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    rights: Mapped[list[str]] = mapped_column(JSON)
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
