"""Messages as they are read: with their author, and without the deleted ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from app.blueprints.people import PERSON_COLUMNS, Person
from app.core.errors import UnknownResource
from app.db import db
from app.models import Message, User


@dataclass(frozen=True, slots=True)
class Post:
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
    Message.id,
    Message.channel_id,
    Message.content,
    Message.created_at,
    Message.edited_at,
    Message.pinned_at,
    Message.pinned_by,
)


def select_posts() -> Select[Any]:
    """The statement that ``read_posts`` takes, to be narrowed, ordered and limited."""
    return (
        select(*MESSAGE_COLUMNS, *PERSON_COLUMNS)
        .join(User, User.id == Message.author_id)
        .where(Message.deleted_at.is_(None))
    )


def read_posts(statement: Select[Any]) -> list[Post]:
    """Run a narrowed ``select_posts()``: one statement, whatever the number of authors."""
    return [_post(row) for row in db.session.execute(statement)]


def read_post(channel_id: int, message_id: int) -> Post:
    """One message of a channel.

    Raises:
        UnknownResource: it is not there, is in another channel, or was deleted.
    """
    found = read_posts(
        select_posts().where(Message.id == message_id, Message.channel_id == channel_id)
    )
    if not found:
        raise UnknownResource("message", message_id)
    return found[0]


def _post(row: Row[Any]) -> Post:
    values = tuple(row)
    split = len(MESSAGE_COLUMNS)
    return Post(*values[:split], author=Person(*values[split:]))
