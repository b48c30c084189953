"""The table of operators."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String, false
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow


class PlatformOperator(Model):
    """An operator who signs in to the control plane by name and password, without another account.

    Attributes:
        name: in lower case.
        password_hash: with the method and its costs in it.
        rights: those of ``platform.view``, ``platform.operate`` and ``platform.admin``, as a set.
        epoch: raised to end all open sessions.
    """

    __tablename__ = "yoto_operators"
    # The number of a removed operator is never reused: an open session may have it.
    __table_args__ = (MYSQL_OPTIONS | {"sqlite_autoincrement": True},)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(32), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    rights: Mapped[list[str]] = mapped_column(JSON)
    disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_sign_in: Mapped[datetime | None]
