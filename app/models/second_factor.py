"""Second factors of operators: one-time passwords of an authenticator app, and recovery codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, utcnow


class SecondFactor(db.Model):
    """The second factor that an account proves besides its password at the control plane.

    Attributes:
        secret: sealed (``yoto.sealing``); shared with the authenticator app.
        last_step: the step of the latest code that was taken: none up to it is taken again.
        confirmed_at: since when it is asked for; NULL until a first code has shown that it works.
    """

    __tablename__ = "second_factors"
    __table_args__ = (MYSQL_OPTIONS,)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(db.Model):
    """A code for when the authenticator app is gone. It serves once. ``code_hash`` is its SHA-256
    in hex: 80 random bits need neither salt nor cost.
    """

    __tablename__ = "recovery_codes"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]
