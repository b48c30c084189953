"""Messages as they are read: with their author, and without the deleted ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import marshmallow as ma
from marshmallow.validate import Range
from sqlalchemy import Select, bindparam, select

from app.models import MESSAGE_MAX_LENGTH, Message
from yoto.api.people import PERSON_COLUMNS, Person, PersonSchema
from yoto.errors import UnknownResource
from yoto.http.dumping import prepared
from yoto.http.fields import Instant, Text
from yoto.http.paging import PAGE_DEFAULT, PAGE_MAX
from yoto.nodes import MAX_ID
from yoto.store.db import db
from yoto.store.models import User

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


# Statements over the tables, made once: making and compiling one for the models anew takes longer
# than all the rest of reading a page.
messages, users = Message.__table__, User.__table__

_dump = prepared(MessageSchema())


class Post(NamedTuple):
    """A message with its author."""

    id: int
    channel_id: int
    content: str
    created_at: datetime
    edited_at: datetime | None
    pinned_at: datetime | None
    pinned_by: int | None
    author: Person


MESSAGE_COLUMNS = (
    messages.c.id,
    messages.c.channel_id,
    messages.c.content,
    messages.c.created_at,
    messages.c.edited_at,
    messages.c.pinned_at,
    messages.c.pinned_by,
)

# The query for ``read_posts``, to be narrowed, ordered and limited.
POSTS: Select[Any] = (
    select(*MESSAGE_COLUMNS, *PERSON_COLUMNS)
    .join_from(messages, users, users.c.id == messages.c.author_id)
    .where(messages.c.deleted_at.is_(None))
)
POSTS_OF_CHANNEL = POSTS.where(messages.c.channel_id == bindparam("channel_id"))
ONE_POST = POSTS_OF_CHANNEL.where(messages.c.id == bindparam("message_id"))


def read_posts(statement: Select[Any], **values: Any) -> list[Post]:
    """Run a narrowed ``POSTS``: one statement, whatever the number of authors.

    Rows that the session has not flushed yet are not seen.

    Args:
        values: of the statement's parameters.
    """
    split = len(MESSAGE_COLUMNS)
    return [
        Post(*row[:split], Person(*row[split:])) for row in db.session.execute(statement, values)
    ]


def post_of(message: Message, author: Person) -> Post:
    """A message that the caller holds, with its author."""
    return Post(*(getattr(message, column.key) for column in MESSAGE_COLUMNS), author=author)


def read_post(channel_id: int, message_id: int) -> Post:
    """One message of a channel.

    Raises:
        UnknownResource: it is not there, is in another channel, or was deleted.
    """
    found = read_posts(ONE_POST, channel_id=channel_id, message_id=message_id)
    if not found:
        raise UnknownResource("message", message_id)
    return found[0]


def payload_of(post: Post) -> dict[str, Any]:
    """A message that was read, as sockets receive it: the same as in the REST API."""
    payload: dict[str, Any] = _dump(post)
    return payload


def message_payload(channel_id: int, message_id: int) -> dict[str, Any] | None:
    """The message as it is now; None when it was deleted meanwhile."""
    try:
        return payload_of(read_post(channel_id, message_id))
    except UnknownResource:
        return None
