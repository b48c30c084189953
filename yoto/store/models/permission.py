"""Registered permissions and the named groups they can be granted by."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from yoto.nodes import TYPE_MAX_LENGTH
from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, utcnow


class OnPolicyError(enum.StrEnum):
    """The verdict where policies give none."""

    DENY = "deny"
    RBAC = "rbac"


class Permission(Model):
    """A name with its bit in every permission mask. Name and bit never change.

    ``scope`` is the narrowest scope in which the permission means something, ``global`` or a type
    of resources: a ``global`` one is never implied by owning a node, and only a global role grants
    it. ``on_policy_error`` is the fallback where policies give no verdict: ``deny``, or the
    verdict of roles alone. ``requires_approvals`` is how many persons must agree before somebody is
    lent it on request; 0: nobody may ask for it.
    """

    __tablename__ = "yoto_permissions"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(128), unique=True)
    bit: Mapped[int] = mapped_column(unique=True)
    scope: Mapped[str] = mapped_column(String(TYPE_MAX_LENGTH))
    category: Mapped[str | None] = mapped_column(String(64), index=True)
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    abac: Mapped[bool] = mapped_column(default=False, server_default=false())
    on_policy_error: Mapped[str] = mapped_column(
        String(8), default=OnPolicyError.DENY.value, server_default=OnPolicyError.DENY.value
    )
    requires_approvals: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class PermissionGroup(Model):
    """A named set of permissions that can be granted to a role as one."""

    __tablename__ = "yoto_permission_groups"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(128), unique=True)
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")


class PermissionGroupMember(Model):
    """A permission in a group."""

    __tablename__ = "yoto_permission_group_members"
    __table_args__ = (UniqueConstraint("group_id", "permission_id"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    group_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_permission_groups.id", ondelete="CASCADE")
    )
    permission_id: Mapped[int] = mapped_column(ForeignKey("yoto_permissions.id"), index=True)
