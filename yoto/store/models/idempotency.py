"""Acts that their callers named, so that one sent again is not done again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow

IDEMPOTENCY_KEPT = timedelta(days=1)
# The time from claiming a key to recording the act. After it, a repeated request performs the
# act, and the first one no longer can.
IDEMPOTENCY_LEASE = timedelta(seconds=30)
LONG_TEXT = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


class IdempotencyKey(Model):
    """A caller's key for an action, and the action's result.

    Attributes:
        fingerprint: SHA-256 in hex of the request; the same key may not name another one.
        created_at: when the key was claimed; another claim of it has another one.
        recorded_at: when the action was put into the audit log, in the same transaction; None: it
            did not begin, and nothing was done.
        status: HTTP status of the response; None while the action goes on, or if its worker died.
        headers: the response headers that describe the body, as JSON.
        body: the response body; None where it held a secret.
    """

    __tablename__ = "yoto_idempotency_keys"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key", name="uq_yoto_idempotency_keys_of_user"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime | None]
    status: Mapped[int | None]
    headers: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(LONG_TEXT)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
