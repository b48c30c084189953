"""Requests for a right: the person, the right, the approvers, and the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey
from yoto.store.models.role import NODE_LENGTH

PERSON = String(128)
REASON = String(500)


class AccessRequest(Model):
    """One request for a permission at one node, ``place``, for so many seconds.

    ``also`` names further permissions that are lent or refused together with it; NULL: none.

    Nothing here is a foreign key: a request outlives its person and its place.

    ``open_key`` is a hash of person, permissions and place while the request is open or granted,
    and NULL afterwards: being unique, it prevents a second request. ``due_at`` is when it lapses or
    the lent right ends; NULL: neither any more. ``role_id`` is the role that holds the lent right.
    """

    __tablename__ = "yoto_access_requests"
    __table_args__ = (
        Index(None, "user_id", "id"),
        Index(None, "state", "id"),
        Index(None, "due_at"),
        Index(None, "ended_at"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    open_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    user_id: Mapped[int]
    permission: Mapped[str] = mapped_column(String(128))
    also: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    place: Mapped[str] = mapped_column(String(NODE_LENGTH))
    reason: Mapped[str] = mapped_column(REASON)
    seconds: Mapped[int]
    needed: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    approvals: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(PERSON)
    decision: Mapped[str | None] = mapped_column(REASON)
    until: Mapped[datetime | None]
    role_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]
