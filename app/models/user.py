"""Accounts of people who sign in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, utcnow

USERNAME_PATTERN = r"[a-z0-9_.-]{3,32}"
EXTERNAL_ID_LENGTH = 256
# No password matches this "hash": the account cannot sign in until one is set.
NO_PASSWORD = "!"


class User(db.Model):
    """An account. Accounts are disabled, never deleted: audit and messages point at them."""

    __tablename__ = "users"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    username: Mapped[str] = mapped_column(String(32), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    super_admin: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The name by which another application knows this account; see docs/authzen.md.
    external_id: Mapped[str | None] = mapped_column(String(EXTERNAL_ID_LENGTH), unique=True)
    # The user's clearance, on the scale of ``Channel.sensitivity``: 0 to 4.
    clearance: Mapped[int] = mapped_column(default=0, server_default="0")
    # Raised when the password changes, the account is disabled or signed out everywhere: whatever
    # was made for an earlier epoch (sessions, access and API tokens) is refused from then on.
    token_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
