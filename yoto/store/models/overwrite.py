"""Overwrites: changes to the permissions of one role, user or team at one node."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, string_enum
from yoto.store.models.role import NODE_LENGTH, Effect, ScopeType, repeated


def overwrite_key(context: Any) -> str:
    """Column default: place and target as one value, never NULL: ``channel:3/role:9``."""
    values = context.get_current_parameters()
    for target in ("role", "user", "team"):
        if values.get(f"{target}_id") is not None:
            return f"{values['place']}/{target}:{values[f'{target}_id']}"
    raise ValueError("an overwrite is for a role, a user or a team")


class ChannelOverwrite(Model):
    """One permission allowed or denied to one role, user or team at one node, ``place``.

    ``channel_id`` and ``category_id`` repeat the number of a channel or a category.
    """

    __tablename__ = "yoto_channel_overwrites"
    __table_args__ = (
        UniqueConstraint("overwrite_key", "permission_id"),
        CheckConstraint(
            "(role_id IS NOT NULL) + (user_id IS NOT NULL) + (team_id IS NOT NULL) = 1",
            name="one_target",
        ).ddl_if(callable_=lambda *_, dialect, **__: dialect.name != "postgresql"),
        # PostgreSQL adds no truths.
        CheckConstraint("num_nonnulls(role_id, user_id, team_id) = 1", name="one_target").ddl_if(
            "postgresql"
        ),
        Index(None, "channel_id"),
        Index(None, "category_id"),
        Index(None, "place"),
        Index(None, "role_id", "place"),
        Index(None, "user_id", "place"),
        Index(None, "team_id", "place"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    place: Mapped[str] = mapped_column(String(NODE_LENGTH))
    channel_id: Mapped[int | None] = mapped_column(default=repeated("place", ScopeType.CHANNEL))
    category_id: Mapped[int | None] = mapped_column(default=repeated("place", "category"))
    role_id: Mapped[int | None] = mapped_column(ForeignKey("yoto_roles.id", ondelete="CASCADE"))
    user_id: Mapped[int | None]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("yoto_teams.id", ondelete="CASCADE"))
    overwrite_key: Mapped[str] = mapped_column(String(NODE_LENGTH + 28), default=overwrite_key)
    permission_id: Mapped[int] = mapped_column(ForeignKey("yoto_permissions.id"), index=True)
    effect: Mapped[Effect] = mapped_column(string_enum(Effect))
