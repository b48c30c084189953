"""Messages as the API shows them."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow.validate import Range

from app.models.message import MESSAGE_MAX_LENGTH
from yoto.api.people import PersonSchema
from yoto.http.fields import Instant, Text
from yoto.http.paging import PAGE_DEFAULT, PAGE_MAX
from yoto.nodes import MAX_ID

SEARCH_MAX_LENGTH = 100  # characters


class MessageSchema(ma.Schema):
    """A message."""

    id = ma.fields.Integer(required=True)
    channel_id = ma.fields.Integer(required=True)
    author = ma.fields.Nested(PersonSchema, required=True)
    content = ma.fields.String(required=True)
    created_at = Instant(required=True)
    edited_at = Instant(required=True, allow_none=True)
    pinned_at = Instant(required=True, allow_none=True)
    pinned_by = ma.fields.Integer(required=True, allow_none=True)


class MessageContentSchema(ma.Schema):
    """The text of an author."""

    content = Text(MESSAGE_MAX_LENGTH, min_length=1, lines=True, required=True)


class HistoryQuery(ma.Schema):
    """A slice of a channel: the newest messages, or those on one side of a message."""

    before = ma.fields.Integer(
        validate=Range(0, MAX_ID),
        metadata={"description": "Messages older than this id, newest first"},
    )
    after = ma.fields.Integer(
        validate=Range(0, MAX_ID),
        metadata={"description": "Messages newer than this id, oldest first"},
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))

    @ma.validates_schema
    def one_direction(self, values: dict[str, Any], **options: Any) -> None:
        if "before" in values and "after" in values:
            raise ma.ValidationError("Cannot be combined with before.", "after")


class SearchQuery(ma.Schema):
    """The text to look for, and how far back the last page went."""

    q = Text(
        SEARCH_MAX_LENGTH,
        min_length=1,
        required=True,
        metadata={"description": "Text that the message contains; letters match in either case"},
    )
    before = ma.fields.Integer(
        load_default=None,
        validate=Range(0, MAX_ID),
        metadata={"description": "The `next` of the page before"},
    )
    limit = ma.fields.Integer(load_default=PAGE_DEFAULT, validate=Range(1, PAGE_MAX))
