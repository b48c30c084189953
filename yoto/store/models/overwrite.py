"""Overwrites: what one role or one user may do differently in one channel or category."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.db import MYSQL_OPTIONS, Model, PrimaryKey
from yoto.store.models.role import Effect
from yoto.store.models.types import string_enum


def overwrite_key(context: Any) -> str:
    """Column default: place and target as one value, never NULL: ``channel:3/role:9``."""
    values = context.get_current_parameters()
    place = (
        f"channel:{values['channel_id']}"
        if values.get("channel_id") is not None
        else f"category:{values['category_id']}"
    )
    target = (
        f"role:{values['role_id']}"
        if values.get("role_id") is not None
        else f"user:{values['user_id']}"
    )
    return f"{place}/{target}"


class ChannelOverwrite(Model):
    """One permission allowed or denied to one role or user in one channel or category."""

    __tablename__ = "yoto_channel_overwrites"
    __table_args__ = (
        UniqueConstraint("overwrite_key", "permission_id"),
        CheckConstraint("(channel_id IS NULL) <> (category_id IS NULL)", name="one_place"),
        CheckConstraint("(role_id IS NULL) <> (user_id IS NULL)", name="one_target"),
        Index(None, "channel_id"),
        Index(None, "category_id"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    channel_id: Mapped[int | None]
    category_id: Mapped[int | None]
    role_id: Mapped[int | None] = mapped_column(
        ForeignKey("yoto_roles.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[int | None] = mapped_column(index=True)
    overwrite_key: Mapped[str] = mapped_column(String(64), default=overwrite_key)
    permission_id: Mapped[int] = mapped_column(ForeignKey("yoto_permissions.id"), index=True)
    effect: Mapped[Effect] = mapped_column(string_enum(Effect))
