"""Switches of the whole platform, such as maintenance mode, and uses of emergency access."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow

EMERGENCY_SWITCH = "emergency"  # on while an emergency is declared


class PlatformSwitch(Model):
    """One switch by its name; one that has no row is off.

    Attributes:
        until: when it turns off automatically; None: an operator must turn it off.
    """

    __tablename__ = "yoto_platform_switches"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    enabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    reason: Mapped[str | None] = mapped_column(String(500))
    until: Mapped[datetime | None]
    changed_by: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)


class EmergencyAccess(Model):
    """One use of emergency access; it holds until ``until``, or until ``ended_at``."""

    __tablename__ = "yoto_emergency_accesses"
    __table_args__ = (Index(None, "user_id", "until"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    taken_at: Mapped[datetime] = mapped_column(default=utcnow)
    until: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
