"""Roles, what they grant, and who holds them."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from yoto.store.db import MYSQL_OPTIONS, Model, PrimaryKey, utcnow
from yoto.store.models.types import string_enum

EVERYONE = "@everyone"


class ScopeType(enum.StrEnum):
    """Where a permission, a grant or a check applies, from the widest to the narrowest."""

    GLOBAL = "global"
    SERVER = "server"
    CHANNEL = "channel"


class Effect(enum.StrEnum):
    """What a grant does."""

    ALLOW = "allow"
    DENY = "deny"


def server_key(context: Any) -> int:
    """Column default: the server id, with 0 for a global role."""
    return int(context.get_current_parameters().get("server_id") or 0)


def grant_scope_key(context: Any) -> str:
    """Column default: a grant's scope as one value that is never NULL, such as ``server:7``."""
    values = context.get_current_parameters()
    if values.get("channel_id") is not None:
        return f"channel:{values['channel_id']}"
    if values.get("server_id") is not None:
        return f"server:{values['server_id']}"
    return "global"


class Role(Model):
    """A role of one server, or a global one (``server_id`` NULL).

    ``server_key`` repeats the server with 0 for NULL, because a unique constraint lets any number
    of equal names through while a column of it is NULL.
    """

    __tablename__ = "yoto_roles"
    __table_args__ = (UniqueConstraint("server_key", "name"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int | None] = mapped_column(index=True)
    server_key: Mapped[int] = mapped_column(default=server_key)
    name: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("yoto_roles.id", ondelete="SET NULL"), index=True
    )
    position: Mapped[int] = mapped_column(default=1, server_default="1")
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class GrantScope:
    """The scope columns of a grant: both NULL is global; a channel's grant names no server."""

    @declared_attr
    def server_id(cls) -> Mapped[int | None]:
        return mapped_column(index=True)

    @declared_attr
    def channel_id(cls) -> Mapped[int | None]:
        return mapped_column(index=True)

    @declared_attr
    def scope_key(cls) -> Mapped[str]:
        return mapped_column(String(32), default=grant_scope_key)

    @declared_attr
    def effect(cls) -> Mapped[Effect]:
        return mapped_column(string_enum(Effect), default=Effect.ALLOW)


class RoleGrant(GrantScope, Model):
    """A permission that a role allows or denies in a scope."""

    __tablename__ = "yoto_role_grants"
    __table_args__ = (UniqueConstraint("role_id", "permission_id", "scope_key"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    role_id: Mapped[int] = mapped_column(ForeignKey("yoto_roles.id", ondelete="CASCADE"))
    permission_id: Mapped[int] = mapped_column(ForeignKey("yoto_permissions.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class RoleGroupGrant(GrantScope, Model):
    """A permission group that a role allows or denies in a scope."""

    __tablename__ = "yoto_role_group_grants"
    __table_args__ = (UniqueConstraint("role_id", "group_id", "scope_key"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    role_id: Mapped[int] = mapped_column(ForeignKey("yoto_roles.id", ondelete="CASCADE"))
    group_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_permission_groups.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class RoleAssignment(Model):
    """A role that a user holds while ``valid_from <= now < valid_until`` (NULL: no bound)."""

    __tablename__ = "yoto_role_assignments"
    __table_args__ = (
        UniqueConstraint("user_id", "role_id"),
        Index(None, "role_id", "user_id"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int]
    role_id: Mapped[int] = mapped_column(ForeignKey("yoto_roles.id", ondelete="CASCADE"))
    valid_from: Mapped[datetime | None] = mapped_column(index=True)
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    assigned_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
