"""Records of decisions, and how many there were: the question, the verdict, the data behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow
from yoto.store.models.role import SUBJECT_LENGTH

COUNTED_LENGTH = 128  # characters of a value in counts: any permission's or place's fit


class DecisionRecord(Model):
    """One decision: all denials are recorded, and a sample of allowed decisions.

    Nothing here is a foreign key: a record outlives its subject, and may name an unknown user.

    ``asked`` is a permission or an expression, ``operator`` how its names were joined, if that is
    all there was to it. ``weight`` is how many decisions the record stands for. ``mask_hash`` shows
    whether the user's permissions there are the same at another time. Context and address are
    masked.
    """

    __tablename__ = "yoto_decision_records"
    # Each of these finds the newest records by one filter: ids follow within equal values.
    __table_args__ = (
        Index(None, "user_id", "id"),
        Index(None, "scope"),
        Index(None, "asked"),
        Index(None, "reason"),
        Index(None, "allowed"),
        Index(None, "request_id"),
        Index(None, "policy_version"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    user_id: Mapped[int]
    asked: Mapped[str] = mapped_column(String(500))
    operator: Mapped[str | None] = mapped_column(String(3))
    scope: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    allowed: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(64))
    weight: Mapped[int]
    tier: Mapped[str] = mapped_column(String(8))
    position: Mapped[str | None] = mapped_column(String(64))
    policy_version: Mapped[str | None] = mapped_column(String(64))
    mask_hash: Mapped[str] = mapped_column(String(16))
    context: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    request_id: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))


class DecisionCount(Model):
    """The number of decisions in an hour or a day that have one property in common.

    ``span`` is 1 or 24 hours, ``hour`` when it began, in hours since 1970. ``facet`` is the kind of
    ``value``: a permission or an expression, a place, or a reason; long ones are cut off.
    """

    __tablename__ = "yoto_decision_counts"
    __table_args__ = (MYSQL_OPTIONS,)

    facet: Mapped[str] = mapped_column(String(10), primary_key=True)
    span: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(String(COUNTED_LENGTH), primary_key=True)
    allowed: Mapped[bool] = mapped_column(primary_key=True)
    decisions: Mapped[int]
