"""What functions of an application said of people, kept so that statements can join it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.db import MYSQL_OPTIONS, Id, Model
from yoto.store.models.role import NODE_LENGTH, NOWHERE


class KnownPerson(Model):
    """Somebody about whom the function was asked; ``id`` is their number, or their id.

    ``present`` is whether it gave them; nobody else counts as a person. What it said holds from
    ``asked_at``, the moment before it was asked. ``changes`` counts how often the application said
    that it holds no longer: what was asked before the last time is not stored.

    Where people are a mapped class, the table stays empty.
    """

    __tablename__ = "yoto_people"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(256))
    present: Mapped[bool]
    disabled: Mapped[bool]
    super_admin: Mapped[bool]
    epoch: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    changes: Mapped[int]


class RolesAsked(Model):
    """Somebody about whose roles the function was asked; columns as in ``KnownPerson``."""

    __tablename__ = "yoto_roles_asked"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    changes: Mapped[int]


class RoleProvided(Model):
    """A role that somebody holds by what the function said; ``node`` as in ``RoleAssignment``.

    Rows count no longer than the answer that they are from: see ``RolesAsked``.
    """

    __tablename__ = "yoto_roles_provided"
    __table_args__ = (MYSQL_OPTIONS,)

    user_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    role_id: Mapped[int] = mapped_column(
        ForeignKey("yoto_roles.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )
    node: Mapped[str] = mapped_column(String(NODE_LENGTH), primary_key=True, default=NOWHERE)
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
