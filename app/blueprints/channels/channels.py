"""Channels: places for messages."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

import marshmallow as ma
from sqlalchemy import delete, func, select
from werkzeug.exceptions import Conflict

from app.blueprints.channels import listing
from app.blueprints.channels.sync import attach, detach
from app.blueprints.rights import demand
from app.models import EXTERNAL_ID_LENGTH, Category, Channel, ChannelKind, Server
from yoto.api.rows import change, existing, locked
from yoto.auth.access import signed_in
from yoto.auth.identity import identity
from yoto.errors import ValidationFailed
from yoto.http.database_problems import unique
from yoto.http.fields import Name, Text
from yoto.http.operation import Actor, Subject
from yoto.http.paging import Page
from yoto.http.shapes import Between, parts_of, schema_named
from yoto.nodes import MAX_ID
from yoto.permission import require_permission
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import record_audit

CHANNELS_MAX = 500  # in a server, whose list of channels has no pages
CHANNELS = "/servers/<int:server_id>/channels"
CHANNEL = "/channels/<int:channel_id>"
MANAGES = require_permission("channel.manage", "channel", "channel_id")
ChannelName = Annotated[str, partial(Name, 100)]
Kind = Annotated[ChannelKind, partial(ma.fields.Enum, ChannelKind, by_value=True)]
Topic = Annotated[str, partial(Text, 500)]
ChannelPosition = Annotated[int, Between(0, 10_000)]
CategoryId = Annotated[int | None, Between(1, MAX_ID)]


class Shown(TypedDict):
    """A channel."""

    id: int
    server_id: int
    category_id: int | None
    name: str
    kind: Kind
    topic: str
    position: int
    external_id: str | None
    synced: Annotated[bool, "Whether the overwrites of its category are in force"]


class Changes(TypedDict, total=False):
    """Changes of a channel; fields left out stay as they are."""

    name: ChannelName
    kind: Kind
    topic: Topic
    position: ChannelPosition
    external_id: Annotated[
        str | None,
        partial(Text, EXTERNAL_ID_LENGTH, min_length=1),
        "How another application calls it; once in a server",
    ]


channels = Subject(
    "channels",
    "",
    "Places for messages",
    "channel",
    names={Channel: schema_named("Channel", ma.Schema, True, *parts_of(Shown))},
)


@channels.operation("GET", CHANNELS, signed_in)
def list_channels(server_id: int) -> Page[Channel]:
    """The channels of a server that you may read, in their order. They fit one page"""
    return Page(listing.readable_channels(server_id, identity()), None)


@channels.operation(
    "POST",
    CHANNELS,
    require_permission("channel.manage", "server", "server_id"),
    body="NewChannel",
    once=True,
    status=201,
    location=("read_channel", "id"),
    also=(409,),
)
def create_channel(
    actor_id: Actor,
    server_id: int,
    name: ChannelName,
    kind: Kind = ChannelKind.TEXT,
    topic: Topic = "",
    position: ChannelPosition = 0,
    category_id: CategoryId = None,
    synced: bool | None = None,
) -> Channel:
    """Make a channel"""
    # The server's lock serialises the creation of channels, so that the limit holds.
    locked(Server, server_id)
    if _count(server_id) >= CHANNELS_MAX:
        raise Conflict(f"A server holds at most {CHANNELS_MAX} channels.")
    if category_id is not None:
        _require_category(server_id, category_id)
    elif synced:
        raise ValidationFailed({"synced": "there is no category to be in sync with"})
    channel = Channel(
        server_id=server_id,
        name=name,
        kind=kind,
        topic=topic,
        position=position,
        category_id=category_id,
        synced=category_id is not None if synced is None else synced,
    )
    db.session.add(channel)
    db.session.flush()
    record_audit(
        "channel.create",
        f"channel:{channel.id}",
        by=actor_id,
        home=f"server:{server_id}",
        after={"name": name, "kind": kind.value, "category_id": category_id},
    )
    db.session.commit()
    return channel


@channels.operation("GET", CHANNEL, require_permission("channel.read", "channel", "channel_id"))
def read_channel(channel_id: int) -> Channel:
    """A channel"""
    return existing(Channel, channel_id)


@channels.operation("PATCH", CHANNEL, MANAGES, body="ChangeChannel", also=(409,))
def change_channel(actor_id: Actor, channel_id: int, **changes: Unpack[Changes]) -> Channel:
    """Change name, kind, topic, position or external id"""
    channel = locked(Channel, channel_id)
    with unique("external_id", "is another channel's"):
        before, after = change(channel, changes)
        if after:
            _record("channel.update", channel, actor_id, before, after)
        db.session.commit()
    return channel


@channels.operation("PUT", f"{CHANNEL}/category", MANAGES, body="Move")
def move_channel(
    actor_id: Actor,
    channel_id: int,
    category_id: CategoryId,
    synced: Annotated[
        bool, "true: the overwrites of the category; false: those in force now"
    ] = False,
) -> Channel:
    """Move a channel into a category; to take its overwrites also takes `channel.overwrite`"""
    channel = locked(Channel, channel_id)
    if category_id is not None:
        _require_category(channel.server_id, category_id)
    elif synced:
        raise ValidationFailed({"synced": "there is no category to be in sync with"})
    if (category_id, synced) != (channel.category_id, channel.synced):
        before = {"category_id": channel.category_id, "synced": channel.synced}
        detach([channel])
        channel.category_id = category_id
        if synced:
            _take_over(channel, actor_id)
        after = {"category_id": category_id, "synced": synced}
        _record("channel.move", channel, actor_id, before, after)
    db.session.commit()
    return channel


@channels.operation(
    "POST",
    f"{CHANNEL}/sync",
    require_permission("channel.overwrite", "channel", "channel_id"),
    once=True,
)
def sync_channel(actor_id: Actor, channel_id: int) -> Channel:
    """Put the overwrites of its category into force in a channel"""
    channel = locked(Channel, channel_id)
    if channel.category_id is None:
        raise ValidationFailed({"category_id": "there is no category to be in sync with"})
    if not channel.synced:
        _take_over(channel, actor_id)
        _record("channel.sync", channel, actor_id, {"synced": False}, {"synced": True})
    db.session.commit()
    return channel


@channels.operation("DELETE", CHANNEL, MANAGES)
def delete_channel(actor_id: Actor, channel_id: int) -> None:
    """Delete a channel with its messages"""
    channel = locked(Channel, channel_id)
    before = {"name": channel.name, "kind": channel.kind.value}
    _record("channel.delete", channel, actor_id, before, None)
    db.session.execute(delete(Channel).where(Channel.id == channel_id))
    db.session.commit()


def _take_over(channel: Channel, actor_id: int) -> None:
    demand(actor_id, "channel.overwrite", "channel", channel.id)
    attach(channel, actor_id)


def _require_category(server_id: int, category_id: int) -> None:
    # Locked, so that it is not deleted before the channel in it is committed.
    found = db.session.scalar(
        select(Category.id)
        .where(Category.id == category_id, Category.server_id == server_id)
        .with_for_update(read=True)
    )
    if found is None:
        raise ValidationFailed({"category_id": f"the server has no category {category_id}"})


def _count(server_id: int) -> int:
    # The count must include rows committed while this request waited for the lock.
    statement = select(func.count()).where(Channel.server_id == server_id)
    return int(counted_now(statement)[0])


def _record(action: str, channel: Channel, actor_id: int, before: Any, after: Any) -> None:
    record_audit(
        action,
        f"channel:{channel.id}",
        by=actor_id,
        home=f"server:{channel.server_id}",
        before=before,
        after=after,
    )
