"""Roles, their grants, and their holders."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from yoto.nodes import GLOBAL_KIND, number_in
from yoto.store.columns import MYSQL_OPTIONS, Model, PrimaryKey, string_enum, utcnow

EVERYONE = "@everyone"
# Characters of the text of a node, or of the absence of one, in tables: ``channel:3``.
NODE_LENGTH = 300
# Characters of the text of a node, or of a role's holder, in records.
SUBJECT_LENGTH = NODE_LENGTH + 10
NOWHERE = ""


class ScopeType(enum.StrEnum):
    """The scope of a permission: global, or nodes of a type.

    Any declared type is one; these are the ones of communities.
    """

    GLOBAL = "global"
    SERVER = "server"
    CHANNEL = "channel"


class Effect(enum.StrEnum):
    """The effect of a grant."""

    ALLOW = "allow"
    DENY = "deny"


def repeated(column: str, kind: str) -> Callable[[Any], int | None]:
    """Column default: the number of the node in ``column``, which an application that has a table
    of that type may refer to; NULL: the node is of another type, or has no number.
    """
    return lambda context: number_in(context.get_current_parameters().get(column), kind)


def subject(context: Any) -> str:
    """Column default: the holder of a role, as one value that is never NULL."""
    values = context.get_current_parameters()
    if values.get("team_id") is not None:
        return f"team:{values['team_id']}"
    return f"user:{values['user_id']}"


class Role(Model):
    """A role of one node that people belong to (``home``), or a global one (``home`` empty).

    ``server_id`` repeats the number where the node is a server.
    ``parent_id`` is the first role that it inherits from; others are in ``yoto_role_parents``.
    ``access_request_id``: it holds what this request lent, and cannot be given or changed.
    ``declared``: for a role that the application declares by its name, the permissions and the
    position that set-up last stored of the declaration; an operator changed any that differ.
    """

    __tablename__ = "yoto_roles"
    __table_args__ = (UniqueConstraint("home", "name"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int | None] = mapped_column(
        default=repeated("home", ScopeType.SERVER), index=True
    )
    home: Mapped[str] = mapped_column(String(NODE_LENGTH), default=NOWHERE)
    name: Mapped[str] = mapped_column(String(100))
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("yoto_roles.id", ondelete="SET NULL"), index=True
    )
    position: Mapped[int] = mapped_column(default=1, server_default="1")
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    access_request_id: Mapped[int | None]
    declared: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))


class RoleParent(Model):
    """One more role that a role inherits from."""

    __tablename__ = "yoto_role_parents"
    __table_args__ = (MYSQL_OPTIONS,)

    role_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_roles.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    parent_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_roles.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class GrantScope:
    """The scope of a grant.

    ``scope_key`` is ``global``, or the text of a node. The other columns repeat the number of a
    server or a channel.
    """

    @declared_attr
    def server_id(cls) -> Mapped[int | None]:
        return mapped_column(default=repeated("scope_key", ScopeType.SERVER), index=True)

    @declared_attr
    def channel_id(cls) -> Mapped[int | None]:
        return mapped_column(default=repeated("scope_key", ScopeType.CHANNEL), index=True)

    @declared_attr
    def scope_key(cls) -> Mapped[str]:
        return mapped_column(String(NODE_LENGTH), default=GLOBAL_KIND, index=True)

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
    """A role that a subject holds while ``valid_from <= now < valid_until`` (NULL: no bound).

    ``subject`` is ``user:5`` (a person or an application, also in ``user_id``), ``team:5`` (also in
    ``team_id``), ``everyone:`` and the node that these people belong to, or ``public``. ``node`` is
    where the role is held, with all below (``folder:3``) or at it alone (``!folder:3``); empty:
    wherever it counts. ``attributes`` are for policies.
    """

    __tablename__ = "yoto_role_assignments"
    __table_args__ = (
        UniqueConstraint("subject", "role_id", "node"),
        Index(None, "user_id", "role_id"),
        Index(None, "role_id", "user_id"),
        Index(None, "node"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int | None]
    team_id: Mapped[int | None] = mapped_column(
        ForeignKey("yoto_teams.id", ondelete="CASCADE"), index=True
    )
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH), default=subject)
    role_id: Mapped[int] = mapped_column(ForeignKey("yoto_roles.id", ondelete="CASCADE"))
    node: Mapped[str] = mapped_column(String(NODE_LENGTH), default=NOWHERE)
    valid_from: Mapped[datetime | None] = mapped_column(index=True)
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    attributes: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    assigned_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
