"""Categories on the wire."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Name, Whole

NAME_LENGTH = 100
POSITION_MAX = 10_000


class CategorySchema(ma.Schema):
    """A category."""

    id = ma.fields.Integer(required=True)
    server_id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    position = ma.fields.Integer(required=True)


class NewCategorySchema(ma.Schema):
    """A category to be made."""

    name = Name(NAME_LENGTH, required=True)
    position = Whole(0, POSITION_MAX, load_default=0)


class ChangeCategorySchema(ma.Schema):
    """Changes of a category; fields left out stay as they are."""

    name = Name(NAME_LENGTH)
    position = Whole(0, POSITION_MAX)
