"""Writing messages: send, edit, delete."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from flask import g
from sqlalchemy import bindparam, select

from app.blueprints.community_socket import broadcast
from app.blueprints.messages.posts import Post, payload_of, post_of
from app.blueprints.rights import demand
from app.models import Channel, ChannelKind, Message
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.api.rows import change, existing
from yoto.auth.identity import current_user_id
from yoto.errors import PermissionDenied, UnknownResource
from yoto.resilience import MultiDimensionalKey
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import User, record_audit

_channels, _users = Channel.__table__, User.__table__
_SPEAKER = (
    select(_channels.c.server_id, _channels.c.kind, *PERSON_COLUMNS)
    .join_from(_channels, _users, _users.c.id == bindparam("user_id"))
    .where(_channels.c.id == bindparam("channel_id"))
)


class Speaker(NamedTuple):
    """The caller, in a channel of a server."""

    person: Person
    channel_id: int
    server_id: int
    kind: ChannelKind

    def demand_voice(self) -> None:
        """Go on only where it takes no more to speak than ``message.send``, or with that, too.

        Raises:
            PermissionDenied: it is an announcement channel, where speaking also takes
                ``message.manage``: what is said there is said for the server.
        """
        if self.kind is ChannelKind.ANNOUNCEMENT:
            demand(self.person.id, "message.manage", "channel", self.channel_id)


def speaker_in(channel_id: int) -> Speaker:
    """The caller of this request as the author of messages in the channel.

    Raises:
        UnknownResource: there is no such channel (any more).
    """
    if "speaker" not in g:
        values = {"channel_id": channel_id, "user_id": current_user_id()}
        found = db.session.execute(_SPEAKER, values).one_or_none()
        if found is None:
            raise UnknownResource("channel", channel_id)
        g.speaker = Speaker(Person(*found[2:]), channel_id, found.server_id, found.kind)
    return cast(Speaker, g.speaker)


def sender(*_: Any, channel_id: int, **__: Any) -> MultiDimensionalKey:
    """The caller and server that a sent message is counted for.

    Raises:
        UnknownResource: there is no such channel (any more).
    """
    speaker = speaker_in(channel_id)
    return MultiDimensionalKey(user_id=speaker.person.id, server_id=speaker.server_id)


NOT_AUTHOR = "not_author"


def send(speaker: Speaker, content: str) -> Post:
    """Say ``content`` in a channel.

    Raises:
        PermissionDenied: as ``Speaker.demand_voice``.
    """
    speaker.demand_voice()
    channel_id, author_id = speaker.channel_id, speaker.person.id
    message = Message(channel_id=channel_id, author_id=author_id, content=content)
    db.session.add(message)
    db.session.flush()
    # The text stays in the message alone, here and where it is edited: the log cannot forget it,
    # and a reader of the log may have no access to the channel. A hash would reveal short texts.
    record_audit(
        "message.send",
        f"message:{message.id}",
        by=author_id,
        home=f"server:{speaker.server_id}",
        after={"channel_id": channel_id},
    )
    post = post_of(message, speaker.person)
    db.session.commit()
    broadcast(channel_id, "message", payload_of(post))
    return post


def edit(speaker: Speaker, message_id: int, content: str) -> Post:
    """Replace the words of one's own message.

    Raises:
        PermissionDenied: it is another user's, or as ``Speaker.demand_voice``.
        UnknownResource: there is no such message in the channel.
    """
    channel_id, author_id = speaker.channel_id, speaker.person.id
    message = locked_message(channel_id, message_id)
    if message.author_id != author_id:
        raise PermissionDenied(NOT_AUTHOR, "message.send")
    speaker.demand_voice()
    characters = len(message.content)
    changed = change(message, {"content": content})
    if not changed.after:
        return post_of(message, speaker.person)
    message.edited_at = utcnow()
    record_audit(
        "message.edit",
        f"message:{message_id}",
        by=author_id,
        home=f"server:{speaker.server_id}",
        before={"channel_id": channel_id, "characters": characters},
        after={"channel_id": channel_id, "characters": len(content)},
    )
    post = post_of(message, speaker.person)
    db.session.commit()
    broadcast(channel_id, "message_edited", payload_of(post))
    return post


def delete(channel_id: int, message_id: int, actor_id: int) -> None:
    """Hide a message from every list: one's own, or any with ``message.manage``.

    Raises:
        PermissionDenied: it is another user's and the actor may not manage messages.
        UnknownResource: there is no such message in the channel.
    """
    message = locked_message(channel_id, message_id)
    if message.author_id != actor_id:
        demand(actor_id, "message.manage", "channel", channel_id)
    message.deleted_at = utcnow()
    record_audit(
        "message.delete",
        f"message:{message_id}",
        by=actor_id,
        home=f"server:{existing(Channel, channel_id).server_id}",
        before={"author_id": message.author_id, "channel_id": channel_id},
    )
    db.session.commit()
    broadcast(channel_id, "message_deleted", {"id": message_id, "channel_id": channel_id})


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
