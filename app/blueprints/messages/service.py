"""Writing messages: send, edit, delete."""

from __future__ import annotations

from sqlalchemy import select

from app.blueprints.community_socket import broadcast
from app.blueprints.messages.posts import Post, read_post
from app.blueprints.messages.schemas import MessageSchema
from app.blueprints.rights import demand
from app.blueprints.rows import change, existing
from app.core.errors import PermissionDenied, UnknownResource
from app.db import db, utcnow
from app.http.audit import audit
from app.models import Channel, ChannelKind, Message

NOT_AUTHOR = "not_author"


def send(channel_id: int, author_id: int, content: str) -> Post:
    """Say ``content`` in a channel.

    Raises:
        PermissionDenied: it is an announcement channel, where speaking also takes
            ``message.manage``: what is said there is said for the server.
    """
    channel = existing(Channel, channel_id)
    _demand_voice(channel, author_id)
    message = Message(channel_id=channel_id, author_id=author_id, content=content)
    db.session.add(message)
    db.session.flush()
    # The words stay in the message alone, here and where they are edited: the log cannot forget
    # them, and whoever may read it need not be let into the channel. A hash would tell short ones.
    audit(
        "message.send",
        f"message:{message.id}",
        actor_id=author_id,
        server_id=channel.server_id,
        after={"channel_id": channel_id},
    )
    post = read_post(channel_id, message.id)
    db.session.commit()
    broadcast(channel_id, "message", MessageSchema().dump(post))
    return post


def edit(channel_id: int, message_id: int, actor_id: int, content: str) -> Post:
    """Replace the words of one's own message.

    Raises:
        PermissionDenied: it is somebody else's, or the actor may not speak there any more: see
            ``send``.
        UnknownResource: there is no such message in the channel.
    """
    message = locked_message(channel_id, message_id)
    if message.author_id != actor_id:
        raise PermissionDenied(NOT_AUTHOR, "message.send")
    channel = existing(Channel, channel_id)
    _demand_voice(channel, actor_id)
    characters = len(message.content)
    changed = change(message, {"content": content})
    if not changed.after:
        return read_post(channel_id, message_id)
    message.edited_at = utcnow()
    audit(
        "message.edit",
        f"message:{message_id}",
        actor_id=actor_id,
        server_id=channel.server_id,
        before={"channel_id": channel_id, "characters": characters},
        after={"channel_id": channel_id, "characters": len(content)},
    )
    db.session.flush()
    post = read_post(channel_id, message_id)
    db.session.commit()
    broadcast(channel_id, "message_edited", MessageSchema().dump(post))
    return post


def delete(channel_id: int, message_id: int, actor_id: int) -> None:
    """Hide a message from every list: one's own, or anybody's with ``message.manage``.

    Raises:
        PermissionDenied: it is somebody else's and the actor may not manage messages.
        UnknownResource: there is no such message in the channel.
    """
    message = locked_message(channel_id, message_id)
    if message.author_id != actor_id:
        demand(actor_id, "message.manage", "channel", channel_id)
    message.deleted_at = utcnow()
    audit(
        "message.delete",
        f"message:{message_id}",
        actor_id=actor_id,
        server_id=existing(Channel, channel_id).server_id,
        before={"author_id": message.author_id, "channel_id": channel_id},
    )
    db.session.commit()
    broadcast(channel_id, "message_deleted", {"id": message_id, "channel_id": channel_id})


def _demand_voice(channel: Channel, actor_id: int) -> None:
    if channel.kind is ChannelKind.ANNOUNCEMENT:
        demand(actor_id, "message.manage", "channel", channel.id)


def locked_message(channel_id: int, message_id: int) -> Message:
    """A message of a channel, as it is now, locked until the end of the transaction.

    Raises:
        UnknownResource: it is not there, is in another channel, or was deleted.
    """
    message = db.session.scalar(
        select(Message)
        .where(
            Message.id == message_id,
            Message.channel_id == channel_id,
            Message.deleted_at.is_(None),
        )
        .with_for_update()
    )
    if message is None:
        raise UnknownResource("message", message_id)
    return message
