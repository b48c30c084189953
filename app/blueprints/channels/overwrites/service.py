"""Overwrites of channels and categories: reading, setting and clearing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from werkzeug.exceptions import Conflict

from app.blueprints.channels.sync import detach
from app.blueprints.channels.targets import Overwrite, Target, overwrites_in
from app.extensions import permissions
from app.models import Category, Channel
from yoto.api.rows import existing, locked
from yoto.errors import UnknownResource
from yoto.store.db import db
from yoto.store.models import record_audit

TARGETS_MAX = 200  # in one place: each verdict there looks through them, and the list has no pages


def overwrites_of_channel(channel_id: int) -> dict[str, Any]:
    """The overwrites in force in a channel: its own, or those of its category.

    Raises:
        UnknownResource: there is no such channel.
    """
    channel = existing(Channel, channel_id)
    if channel.synced and channel.category_id is not None:
        return {"synced": True, "items": overwrites_in(category_id=channel.category_id)}
    return {"synced": False, "items": overwrites_in(channel_id=channel_id)}


def overwrites_of_category(server_id: int, category_id: int) -> Sequence[Overwrite]:
    """The overwrites of a category.

    Raises:
        UnknownResource: the server has no such category.
    """
    _locked_category(server_id, category_id, lock=False)
    return overwrites_in(category_id=category_id)


def set_in_channel(
    channel_id: int, target: Target, actor_id: int, allow: Sequence[str], deny: Sequence[str]
) -> Overwrite:
    """Set the target's overwrites in a channel, which ends its sync.

    Raises:
        Conflict: the place has overwrites for as many targets as it may have.
        PermissionDenied: the actor may not handle the target, or lacks what this would give.
        UnknownResource: there is no such channel, role or user.
        ValidationFailed: an unknown or a global permission, or one in both lists.
    """
    _go_own_way(locked(Channel, channel_id), actor_id)
    _check_room(overwrites_in(channel_id=channel_id), target)
    permissions.set_overwrite(
        channel_id, **target.ids(), allow=allow, deny=deny, actor_id=actor_id, commit=False
    )
    db.session.commit()
    return Overwrite(target, frozenset(allow), frozenset(deny))


def set_in_category(
    server_id: int,
    category_id: int,
    target: Target,
    actor_id: int,
    allow: Sequence[str],
    deny: Sequence[str],
) -> Overwrite:
    """Set overwrites in a category and the channels in sync. Raises as ``set_in_channel``."""
    _locked_category(server_id, category_id)
    _check_room(overwrites_in(category_id=category_id), target)
    permissions.set_overwrite(
        category_id=category_id,
        **target.ids(),
        allow=allow,
        deny=deny,
        actor_id=actor_id,
        commit=False,
    )
    db.session.commit()
    return Overwrite(target, frozenset(allow), frozenset(deny))


def clear_in_channel(channel_id: int, target: Target, actor_id: int) -> None:
    """Remove the target's overwrites in a channel, which ends its sync.

    Raises:
        PermissionDenied: the actor may not handle the target, or lacks what this would give.
        UnknownResource: there is no such channel, or the target has no overwrite there.
    """
    _go_own_way(locked(Channel, channel_id), actor_id)
    _require(overwrites_in(channel_id=channel_id), target)
    permissions.clear_overwrite(channel_id, **target.ids(), actor_id=actor_id, commit=False)
    db.session.commit()


def clear_in_category(server_id: int, category_id: int, target: Target, actor_id: int) -> None:
    """Remove the target's overwrites in a category. Raises as ``clear_in_channel``."""
    _locked_category(server_id, category_id)
    _require(overwrites_in(category_id=category_id), target)
    permissions.clear_overwrite(
        category_id=category_id, **target.ids(), actor_id=actor_id, commit=False
    )
    db.session.commit()


def _go_own_way(channel: Channel, actor_id: int) -> None:
    if not channel.synced:
        return
    detach([channel])
    record_audit(
        "channel.unsync",
        f"channel:{channel.id}",
        by=actor_id,
        server_id=channel.server_id,
        before={"synced": True},
        after={"synced": False},
    )


def _locked_category(server_id: int, category_id: int, lock: bool = True) -> Category:
    statement = select(Category).where(Category.id == category_id, Category.server_id == server_id)
    found = db.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise UnknownResource("category", category_id)
    return found


def _check_room(present: Sequence[Overwrite], target: Target) -> None:
    if len(present) >= TARGETS_MAX and target not in [found.target for found in present]:
        raise Conflict(f"At most {TARGETS_MAX} roles and users have overwrites in one place.")


def _require(present: Sequence[Overwrite], target: Target) -> None:
    if target not in [found.target for found in present]:
        raise UnknownResource("overwrite", target.id, f"{target.kind}_id")
