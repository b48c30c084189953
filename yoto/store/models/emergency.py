"""Emergency access: its user, reason and end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow


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
