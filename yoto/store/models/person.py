"""Reports of an application's functions about people, kept so that statements can join them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from yoto.store.columns import MYSQL_OPTIONS, Id, Model, PrimaryKey
from yoto.store.models.role import NODE_LENGTH, NOWHERE


class KnownPerson(Model):
    """A person about whom the function was asked; ``id`` is their number, or their id.

    ``present`` is whether it knows them; only then do they count as a person. Its report holds from
    ``asked_at``, the moment before it was asked. ``changes`` counts how often the application
    invalidated the report: one requested before the last time is not stored.

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
    """A person about whose roles the function was asked; columns as in ``KnownPerson``."""

    __tablename__ = "yoto_roles_asked"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    changes: Mapped[int]


class RoleProvided(Model):
    """A role that a person holds by the function's report; ``node`` as in ``RoleAssignment``.

    Rows count no longer than their report: see ``RolesAsked``.
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


class SubjectKey(Model):
    """The number of a person whose id is no number; it never changes and is never reused.

    ``key`` is the application's id, in the type that it has there: see
    ``yoto.store.people.key_type``. Where ids are numbers, the table stays empty.
    """

    __tablename__ = "yoto_subjects"
    __table_args__ = (MYSQL_OPTIONS,)

    id: Mapped[PrimaryKey]
    key: Mapped[int] = mapped_column(unique=True)
