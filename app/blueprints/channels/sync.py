"""Channels in sync with their category: beginning and ending the sync.

A channel in sync has no overwrites of its own. When the sync ends, it gets copies of those that
were in force, so that permissions stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, insert, select

from app.blueprints.channels.targets import Overwrite, Target, overwrites_in
from app.extensions import permissions
from app.models import Category, Channel
from yoto.store.db import db
from yoto.store.models import ChannelOverwrite


def detach(channels: Iterable[Channel]) -> None:
    """Give channels of one category that are in sync with it overwrites of their own."""
    synced = [channel for channel in channels if channel.synced]
    if not synced:
        return
    ids = [channel.id for channel in synced]
    category_id = synced[0].category_id
    # Setting an overwrite of the category takes this lock, too, so no overwrite is missed or half
    # copied.
    db.session.execute(select(Category.id).where(Category.id == category_id).with_for_update())
    db.session.execute(delete(ChannelOverwrite).where(ChannelOverwrite.channel_id.in_(ids)))
    in_force = db.session.execute(
        select(
            ChannelOverwrite.role_id,
            ChannelOverwrite.user_id,
            ChannelOverwrite.permission_id,
            ChannelOverwrite.effect,
        )
        .where(ChannelOverwrite.category_id == category_id)
        .with_for_update(read=True)
    ).all()
    rows = [
        {"place": f"channel:{channel_id}", **row._asdict()}
        for channel_id in ids
        for row in in_force
    ]
    if rows:
        db.session.execute(insert(ChannelOverwrite), rows)
    for channel in synced:
        channel.synced = False
    db.session.flush()


def attach(channel: Channel, actor_id: int) -> None:
    """Bring a channel in sync with its category, if the actor may make all its changes.

    Each target's overwrites become the category's first, under the usual rules for setting
    overwrites; then the copies are deleted. Grants come before removals, so that no check depends
    on a permission that is about to be lost.

    Raises:
        PermissionDenied: the actor may not handle one of the roles or users concerned, or lacks a
            permission that this would give.
    """
    own = _by_target(overwrites_in(channel_id=channel.id))
    taken_over = _by_target(overwrites_in(category_id=channel.category_id))
    changes = [
        (own.get(target, Overwrite(target)), taken_over.get(target, Overwrite(target)))
        for target in sorted(own.keys() | taken_over.keys())
    ]
    for before, after in changes:
        given = Overwrite(before.target, before.allow | after.allow, before.deny & after.deny)
        if given != before:
            _set(channel.id, given, actor_id)
    for before, after in changes:
        if before.allow - after.allow or after.deny - before.deny:
            _set(channel.id, after, actor_id)
    db.session.execute(delete(ChannelOverwrite).where(ChannelOverwrite.channel_id == channel.id))
    channel.synced = True
    db.session.flush()


def _by_target(found: Iterable[Overwrite]) -> Mapping[Target, Overwrite]:
    return {overwrite.target: overwrite for overwrite in found}


def _set(channel_id: int, overwrite: Overwrite, actor_id: int) -> None:
    permissions.set_overwrite(
        channel_id,
        **overwrite.target.ids(),
        allow=overwrite.allow,
        deny=overwrite.deny,
        actor_id=actor_id,
        commit=False,
    )
