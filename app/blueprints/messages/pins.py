"""Pinned messages of a channel."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from werkzeug.exceptions import Conflict

from app.blueprints.messages.posts import POSTS_OF_CHANNEL, Post, messages, read_post, read_posts
from app.blueprints.messages.sending import locked_message
from app.models import Channel, Message
from yoto.api.rows import locked
from yoto.errors import UnknownResource
from yoto.store.columns import utcnow
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import record_audit

PINS_MAX = 50  # a channel; more would be a second history, and the list has no pages

PINS_OF_CHANNEL = (
    POSTS_OF_CHANNEL.where(messages.c.pinned_at.is_not(None))
    .order_by(messages.c.pinned_at.desc(), messages.c.id.desc())
    .limit(PINS_MAX)
)


def read_pins(channel_id: int) -> Sequence[Post]:
    """The pinned messages, the newest pin first."""
    return read_posts(PINS_OF_CHANNEL, channel_id=channel_id)


def pin(channel_id: int, message_id: int, actor_id: int) -> Post:
    """Pin a message; one that is pinned already stays as it is.

    Raises:
        Conflict: the channel has as many pins as it may have.
        UnknownResource: there is no such message in the channel.
    """
    # The channel's lock makes pins take turns, so that two cannot both be the last.
    channel = locked(Channel, channel_id)
    message = locked_message(channel_id, message_id)
    if message.pinned_at is None:
        if _count_pins(channel_id) >= PINS_MAX:
            raise Conflict(f"A channel holds at most {PINS_MAX} pins; unpin one first.")
        message.pinned_at, message.pinned_by = utcnow(), actor_id
        _record("message.pin", message, channel, actor_id)
    post = read_post(channel_id, message_id)
    db.session.commit()
    return post


def unpin(channel_id: int, message_id: int, actor_id: int) -> None:
    """Take a pin away.

    Raises:
        UnknownResource: there is no such message in the channel, or it is not pinned.
    """
    channel = locked(Channel, channel_id)
    message = locked_message(channel_id, message_id)
    if message.pinned_at is None:
        raise UnknownResource("pin", message_id, "message_id")
    message.pinned_at = message.pinned_by = None
    _record("message.unpin", message, channel, actor_id)
    db.session.commit()


def _count_pins(channel_id: int) -> int:
    statement = select(func.count()).where(
        Message.channel_id == channel_id,
        Message.pinned_at.is_not(None),
        Message.deleted_at.is_(None),
    )
    # The count must include what was committed while this request waited for the lock.
    return int(counted_now(statement)[0])


def _record(action: str, message: Message, channel: Channel, actor_id: int) -> None:
    record_audit(
        action,
        f"message:{message.id}",
        by=actor_id,
        home=f"server:{channel.server_id}",
        after={"channel_id": channel.id},
    )
    db.session.flush()
