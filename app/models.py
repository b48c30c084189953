"""The application's tables: accounts, channels, servers, messages, second factors."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db import db
from yoto.store.columns import MYSQL_OPTIONS, PrimaryKey, string_enum, utcnow
from yoto.store.models import SEALED

USERNAME_PATTERN = r"[a-z0-9_.-]{3,32}"
EXTERNAL_ID_LENGTH = 256
# No password matches this "hash": the account cannot sign in until one is set.
NO_PASSWORD = "!"


class User(db.Model):
    """An account. Accounts are disabled, never deleted: audit and messages point at them."""

    __tablename__ = "users"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    username: Mapped[str] = mapped_column(String(32), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    super_admin: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The name by which another application knows this account; see docs/authzen.md.
    external_id: Mapped[str | None] = mapped_column(String(EXTERNAL_ID_LENGTH), unique=True)
    # The user's clearance, on the scale of ``Channel.sensitivity``: 0 to 4.
    clearance: Mapped[int] = mapped_column(default=0, server_default="0")
    # Raised when the password changes, the account is disabled or signed out everywhere: whatever
    # was made for an earlier epoch (sessions, access and API tokens) is refused from then on.
    token_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ChannelKind(enum.StrEnum):
    """The purpose of a channel."""

    TEXT = "text"
    ANNOUNCEMENT = "announcement"


class Category(db.Model):
    """A heading over channels, with overwrites that channels in sync with it take over."""

    __tablename__ = "categories"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int] = mapped_column(default=0, server_default="0")


class Channel(db.Model):
    """A place for messages. ``synced``: the overwrites in force are those of the category.

    ``external_id`` is how another application calls it: see docs/authzen.md.

    Policies read the rest: ``sensitivity`` is 0 to 4, ``hours`` when messages may be sent, in the
    server's time zone (``{"days": ["mon"], "from": "08:00", "to": "18:00"}``; NULL: at any time).
    """

    __tablename__ = "channels"
    __table_args__ = (
        Index(None, "server_id", "position"),
        UniqueConstraint("server_id", "external_id"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("categories.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[ChannelKind] = mapped_column(
        string_enum(ChannelKind), default=ChannelKind.TEXT, server_default=ChannelKind.TEXT.value
    )
    topic: Mapped[str] = mapped_column(String(500), default="", server_default="")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    synced: Mapped[bool] = mapped_column(default=False, server_default=false())
    sensitivity: Mapped[int] = mapped_column(default=0, server_default="0")
    external_id: Mapped[str | None] = mapped_column(String(EXTERNAL_ID_LENGTH))
    hours: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))


class Server(db.Model):
    """A community. Its owner has every server and channel permission in it.

    Policies read the rest: ``access_hours`` (as ``Channel.hours``) is when the server may be
    managed, ``blocked_networks`` from where it may not be (a list of CIDR texts, NULL: none), and
    ``device_required`` whether that takes a registered device.
    """

    __tablename__ = "servers"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    public: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    access_hours: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    blocked_networks: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    device_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Invite(db.Model):
    """A code that lets its bearer join a server, within its limits."""

    __tablename__ = "invites"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")


class Member(db.Model):
    """A user in a server. A banned row is not a membership; it only keeps the user out."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("server_id", "user_id"), MYSQL_OPTIONS)

    id: Mapped[PrimaryKey]
    server_id: Mapped[int] = mapped_column(ForeignKey("servers.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    nickname: Mapped[str | None] = mapped_column(String(64))
    timeout_until: Mapped[datetime | None] = mapped_column(index=True)
    banned: Mapped[bool] = mapped_column(default=False, server_default=false())
    ban_reason: Mapped[str | None] = mapped_column(String(500))
    joined_at: Mapped[datetime] = mapped_column(default=utcnow)


MESSAGE_MAX_LENGTH = 4000  # characters


class Message(db.Model):
    """A message. Deleting one empties nothing: ``deleted_at`` hides it from every list."""

    __tablename__ = "messages"
    # Pages run backwards over (channel, id); the second index finds the pins of a channel.
    __table_args__ = (
        Index(None, "channel_id", "id"),
        Index(None, "channel_id", "pinned_at"),
        MYSQL_OPTIONS,
    )

    id: Mapped[PrimaryKey]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    content: Mapped[str] = mapped_column(String(MESSAGE_MAX_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    pinned_at: Mapped[datetime | None]
    pinned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class SecondFactor(db.Model):
    """The second factor that an account proves besides its password at the control plane.

    Attributes:
        secret: sealed (``yoto.sealing``); shared with the authenticator app.
        last_step: the step of the latest code that was taken: none up to it is taken again.
        confirmed_at: since when it is asked for; NULL until a first code has shown that it works.
    """

    __tablename__ = "second_factors"
    __table_args__ = (MYSQL_OPTIONS,)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(db.Model):
    """A code for when the authenticator app is gone. It serves once. ``code_hash`` is its SHA-256
    in hex: 80 random bits need neither salt nor cost.
    """

    __tablename__ = "recovery_codes"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


# A SECRET_KEY that changes seals these anew too.
SEALED[SecondFactor] = {"secret": "second_factors.secret"}
