"""Servers as the API shows them."""

from __future__ import annotations

import marshmallow as ma

from yoto.http.fields import Flag, Instant, Name, RowId, Text

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 500
REASON_LENGTH = 500


class ServerSchema(ma.Schema):
    """A server."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    description = ma.fields.String(required=True)
    owner_id = ma.fields.Integer(required=True)
    public = ma.fields.Boolean(required=True)
    created_at = Instant(required=True)


class NewServerSchema(ma.Schema):
    """A server to be made."""

    name = Name(NAME_LENGTH, required=True)
    description = Text(DESCRIPTION_LENGTH, lines=True, load_default="")
    public = Flag(load_default=False, metadata={"description": "Whether anybody may join"})


class ChangeServerSchema(ma.Schema):
    """Changes of a server; fields that are left out stay."""

    name = Name(NAME_LENGTH)
    description = Text(DESCRIPTION_LENGTH, lines=True)
    public = Flag()


class TransferSchema(ma.Schema):
    """The member who is to own the server."""

    user_id = RowId(required=True)
