"""How an account looks to other people, and accounts by name."""

from __future__ import annotations

from typing import Any, NamedTuple

import marshmallow as ma
from sqlalchemy import ColumnElement, select

from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import User

_users = User.__table__
# The columns of a Person, for statements that read one along with something else.
PERSON_COLUMNS = (
    _users.c.id.label("person_id"),
    _users.c.username,
    _users.c.display_name,
)


class Person(NamedTuple):
    """The public part of an account."""

    id: int
    username: str
    display_name: str


class PersonSchema(ma.Schema):
    """The public part of an account."""

    id = ma.fields.Integer(required=True)
    username = ma.fields.String(required=True)
    display_name = ma.fields.String(required=True)


def accounts(
    *,
    after: int | None,
    limit: int,
    username: str | None,
    disabled: bool | None,
    super_admin: bool | None,
) -> Page[User]:
    """A page of all accounts by id, narrowed by what is not None."""
    statement = select(User).where(User.id > (after or 0)).order_by(User.id).limit(limit + 1)
    if username is not None:
        statement = statement.where(begins_with(User.username, username))
    if disabled is not None:
        statement = statement.where(User.disabled.is_(disabled))
    if super_admin is not None:
        statement = statement.where(User.super_admin.is_(super_admin))
    return cut(db.session.scalars(statement).all(), limit, lambda user: user.id)


def begins_with(name: Any, prefix: str) -> ColumnElement[bool]:
    """A range of the index on the column ``name``; no character of ``prefix`` is a wildcard.

    Usernames are ASCII, so everything that begins with the prefix sorts before prefix + DEL.
    """
    lowered = prefix.strip().lower()
    found: ColumnElement[bool] = (name >= lowered) & (name < f"{lowered}\x7f")
    return found
