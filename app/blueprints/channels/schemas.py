"""Channels on the wire."""

from __future__ import annotations

import marshmallow as ma

from app.models import ChannelKind
from app.models.user import EXTERNAL_ID_LENGTH
from yoto.http.fields import Flag, Name, RowId, Text, Whole

NAME_LENGTH = 100
TOPIC_LENGTH = 500
POSITION_MAX = 10_000


class ChannelSchema(ma.Schema):
    """A channel."""

    id = ma.fields.Integer(required=True)
    server_id = ma.fields.Integer(required=True)
    category_id = ma.fields.Integer(required=True, allow_none=True)
    name = ma.fields.String(required=True)
    kind = ma.fields.Enum(ChannelKind, by_value=True, required=True)
    topic = ma.fields.String(required=True)
    position = ma.fields.Integer(required=True)
    external_id = ma.fields.String(required=True, allow_none=True)
    synced = ma.fields.Boolean(
        required=True,
        metadata={"description": "Whether the overwrites of its category are in force"},
    )


class NewChannelSchema(ma.Schema):
    """A channel to be made. In a category it is in sync unless ``synced`` is false."""

    name = Name(NAME_LENGTH, required=True)
    kind = ma.fields.Enum(ChannelKind, by_value=True, load_default=ChannelKind.TEXT)
    topic = Text(TOPIC_LENGTH, load_default="")
    position = Whole(0, POSITION_MAX, load_default=0)
    category_id = RowId(load_default=None, allow_none=True)
    synced = Flag(load_default=None)


class ChangeChannelSchema(ma.Schema):
    """Changes of a channel; fields left out stay as they are."""

    name = Name(NAME_LENGTH)
    kind = ma.fields.Enum(ChannelKind, by_value=True)
    topic = Text(TOPIC_LENGTH)
    position = Whole(0, POSITION_MAX)
    external_id = Text(
        EXTERNAL_ID_LENGTH,
        min_length=1,
        allow_none=True,
        metadata={"description": "How another application calls it; once in a server"},
    )


class MoveSchema(ma.Schema):
    """The category to move a channel to, and whether it takes the category's overwrites."""

    category_id = RowId(required=True, allow_none=True)
    synced = Flag(
        load_default=False,
        metadata={"description": "true: the overwrites of the category; false: those in force now"},
    )
