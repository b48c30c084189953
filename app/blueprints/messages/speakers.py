"""The author of a message, and its channel: read once a request, to count and to send it."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from flask import g
from sqlalchemy import bindparam, select

from app.blueprints.rights import demand
from app.models import Channel, ChannelKind
from yoto.api.people import PERSON_COLUMNS, Person
from yoto.auth.identity import current_user_id
from yoto.errors import UnknownResource
from yoto.resilience import MultiDimensionalKey
from yoto.store.db import db
from yoto.store.models import User

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
