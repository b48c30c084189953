"""Messages as they are read: with their author, and without the deleted ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, select

from app.blueprints.messages.views import MessageSchema
from app.models import Message
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.errors import UnknownResource
from yoto.http.dumping import prepared
from yoto.http.paging import Page, cut
from yoto.store.db import db
from yoto.store.models import User

# Statements over the tables, made once: what makes and compiles one for the models anew takes
# longer than all the rest of reading a page.
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


BACKWARDS = messages.c.id.desc()
OLDER = messages.c.id < bindparam("before")
ROWS = bindparam("rows")

NEWEST_OF_CHANNEL = POSTS_OF_CHANNEL.order_by(BACKWARDS).limit(ROWS)
OLDER_OF_CHANNEL = POSTS_OF_CHANNEL.where(OLDER).order_by(BACKWARDS).limit(ROWS)
NEWER_OF_CHANNEL = (
    POSTS_OF_CHANNEL.where(messages.c.id > bindparam("after")).order_by(messages.c.id).limit(ROWS)
)


def read_history(
    channel_id: int, limit: int, before: int | None = None, after: int | None = None
) -> Page[Post]:
    """A slice of a channel: ``before`` a message, newest first, or ``after`` one, oldest first.

    ``next`` of the page goes into the same parameter; without either the newest come first and
    ``next`` goes into ``before``.
    """
    values = {"channel_id": channel_id, "rows": limit + 1}
    if after is not None:
        posts = read_posts(NEWER_OF_CHANNEL, after=after, **values)
    elif before is not None:
        posts = read_posts(OLDER_OF_CHANNEL, before=before, **values)
    else:
        posts = read_posts(NEWEST_OF_CHANNEL, **values)
    return cut(posts, limit, lambda post: post.id)


def search(
    place: ColumnElement[bool], text: str, limit: int, before: int | None = None
) -> Page[Post]:
    """Messages that contain ``text`` literally, newest first.

    Args:
        place: where to look: a condition on ``messages.c.channel_id``.
        text: what to look for; wildcards of LIKE in it are plain characters.
    """
    statement = POSTS.where(place, messages.c.content.icontains(text, autoescape=True))
    values = {"rows": limit + 1}
    if before is not None:
        statement = statement.where(OLDER)
        values["before"] = before
    posts = read_posts(statement.order_by(BACKWARDS).limit(ROWS), **values)
    return cut(posts, limit, lambda post: post.id)
