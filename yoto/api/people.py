"""How an account looks to other people."""

from __future__ import annotations

from typing import NamedTuple

import marshmallow as ma

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
