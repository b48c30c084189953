"""The public view of an account, and accounts by name."""

from __future__ import annotations

from typing import Any, NamedTuple

import marshmallow as ma
from flask import current_app
from sqlalchemy import ColumnElement, select

from yoto.errors import ValidationFailed
from yoto.http.paging import Page, cut
from yoto.http.shapes import parts_of, schema_named
from yoto.permission import NO_PERSON, number_of, number_some, subject_of_text
from yoto.store.db import db
from yoto.store.declarations import Declaration, declarations_of
from yoto.store.models import User
from yoto.store.people import USERS

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


PersonSchema = schema_named("Person", ma.Schema, True, *parts_of(Person))


def accounts(
    *,
    after: int | None,
    limit: int,
    username: str | None,
    disabled: bool | None,
    super_admin: bool | None,
) -> Page[User]:
    """A page of all accounts by id, narrowed by what is not None.

    Args:
        username: a prefix of it, in any case.
    """
    statement = select(User).where(User.id > (after or 0)).order_by(User.id).limit(limit + 1)
    if username is not None:
        statement = statement.where(_begins(username))
    if disabled is not None:
        statement = statement.where(User.disabled.is_(disabled))
    if super_admin is not None:
        statement = statement.where(User.super_admin.is_(super_admin))
    found = db.session.scalars(statement).all()
    more = limit + 1 - len(found)
    if more and _number_unasked(more, username):
        found = db.session.scalars(statement).all()
    return cut(found, limit, lambda user: user.id)


def number_called(name: str) -> int | None:
    """The number of the account with this username, or with this id of the application's own; a
    program is ``application:3``, an anonymous caller ``public``. None: no account.

    Raises:
        ValidationFailed: field ``username``: malformed name of a program.
        StoreUnavailable: the database did not answer.
    """
    # The exact spelling first, since an application's usernames may have capitals.
    typed, lowered = name.strip(), name.strip().lower()
    named = select(User.id).where(User.username.in_([typed, lowered]))
    found = db.session.scalar(named.order_by(User.username != typed).limit(1))
    if found is not None:
        return found
    if lowered == "public" or lowered.startswith("application:"):
        return number_of(subject_of_text(lowered, "username"), "username")
    own_id: Any = typed
    declared = _unasked()
    if declared is not None and declared.ids is not None:
        called = select(declared.ids).where(declared.columns["username"] == typed)
        own_id = db.session.scalar(called.limit(1)) or typed
    try:
        number = number_of(own_id, "username")
    except ValidationFailed:
        return None
    return None if number == NO_PERSON else number


def _begins(username: str) -> ColumnElement[bool]:
    """The condition that a username begins with the text."""
    declared = declarations_of(current_app).tables.get(USERS)
    if declared is None or declared.stands_for(_users):
        return begins_with(User.username, username)
    # An application's usernames may have any characters.
    return User.username.istartswith(username.strip(), autoescape=True)


def _unasked() -> Declaration | None:
    """The application's table of people, of whom some have no number yet because nothing was asked
    about them; None: all have one, or only a function knows them.
    """
    declared = declarations_of(current_app).tables.get(USERS)
    if declared is None or declared.numbers is None or declared.asked is not None:
        return None
    return declared


def _number_unasked(most: int, username: str | None) -> bool:
    """Give numbers to some people whose name begins so; returns whether any lacked one."""
    declared = _unasked()
    if declared is None:
        return False
    if username is None:
        return number_some(most)
    name = declared.columns["username"]
    return number_some(most, name.istartswith(username.strip(), autoescape=True))


def begins_with(name: Any, prefix: str) -> ColumnElement[bool]:
    """A range of the index on the column ``name``, of usernames of the community, which have no
    capitals; no character of ``prefix`` is a wildcard.

    Usernames are ASCII, so everything that begins with the prefix sorts before prefix + DEL.
    """
    lowered = prefix.strip().lower()
    found: ColumnElement[bool] = (name >= lowered) & (name < f"{lowered}\x7f")
    return found
