"""Channels: making, changing, moving and deleting one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from werkzeug.exceptions import Conflict

from app.blueprints.channels.sync import attach, detach
from app.blueprints.rights import demand
from app.models import Category, Channel, ChannelKind, Server
from yoto.api.rows import change, locked
from yoto.errors import ValidationFailed
from yoto.http.database_problems import unique
from yoto.store.db import db
from yoto.store.models import record_audit

CHANNELS_MAX = 500  # in a server, whose list of channels has no pages


def create_channel(
    server_id: int,
    actor_id: int,
    *,
    name: str,
    kind: ChannelKind,
    topic: str,
    position: int,
    category_id: int | None,
    synced: bool | None,
) -> Channel:
    """Make a channel; in a category it is in sync with it unless ``synced`` is False.

    Raises:
        Conflict: the server has as many channels as it may have.
        UnknownResource: there is no such server.
        ValidationFailed: the category is not the server's, or there is none to be in sync with.
    """
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
        server_id=server_id,
        after={"name": name, "kind": kind.value, "category_id": category_id},
    )
    db.session.commit()
    return channel


def change_channel(channel_id: int, actor_id: int, values: Mapping[str, Any]) -> Channel:
    """Set name, kind, topic, position or external id.

    Raises:
        UnknownResource: there is no such channel.
        Conflict: another channel of the server has that external id.
    """
    channel = locked(Channel, channel_id)
    with unique("external_id", "is another channel's"):
        before, after = change(channel, values)
        if after:
            _record("channel.update", channel, actor_id, before, after)
        db.session.commit()
    return channel


def move_channel(channel_id: int, actor_id: int, category_id: int | None, synced: bool) -> Channel:
    """Put a channel into a category of its server, or out of any.

    With ``synced`` it takes the category's overwrites; without, those in force now stay.

    Raises:
        PermissionDenied: with ``synced``, see ``sync_channel``.
        UnknownResource: there is no such channel.
        ValidationFailed: the category is not the server's, or there is none to be in sync with.
    """
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


def sync_channel(channel_id: int, actor_id: int) -> Channel:
    """Put the overwrites of its category into force in a channel.

    Raises:
        PermissionDenied: the actor may not set overwrites there, or not these (``attach``).
        UnknownResource: there is no such channel.
        ValidationFailed: it is in no category.
    """
    channel = locked(Channel, channel_id)
    if channel.category_id is None:
        raise ValidationFailed({"category_id": "there is no category to be in sync with"})
    if not channel.synced:
        _take_over(channel, actor_id)
        _record("channel.sync", channel, actor_id, {"synced": False}, {"synced": True})
    db.session.commit()
    return channel


def delete_channel(channel_id: int, actor_id: int) -> None:
    """Delete a channel with its messages.

    Raises:
        UnknownResource: there is no such channel.
    """
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
    return db.session.scalar(statement.with_for_update(read=True)) or 0


def _record(action: str, channel: Channel, actor_id: int, before: Any, after: Any) -> None:
    record_audit(
        action,
        f"channel:{channel.id}",
        by=actor_id,
        server_id=channel.server_id,
        before=before,
        after=after,
    )
