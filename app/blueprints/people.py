"""How an account looks to other people."""

from __future__ import annotations

from typing import NamedTuple

import marshmallow as ma

from app.models import User

# The columns of a Person, for statements that read one along with something else.
PERSON_COLUMNS = (
    User.id.label("person_id"),
    User.username,
    User.display_name,
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
