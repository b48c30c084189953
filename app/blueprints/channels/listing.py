"""Lists of channels and categories: what somebody may not read is not there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.blueprints.servers.membership import demand_member
from app.db import db
from app.extensions import permissions
from app.http.auth import Identity
from app.models import Category, Channel


def readable_channels(server_id: int, actor: Identity) -> Sequence[Channel]:
    """The channels of a server that the actor may read, in their order.

    Raises:
        PermissionDenied: the actor is no member, and may read none.
        UnknownResource: there is no such server.
    """
    ids = channels_with(server_id, actor, "channel.read")
    statement = select(Channel).where(Channel.id.in_(ids))
    return db.session.scalars(statement.order_by(Channel.position, Channel.id)).all()


def channels_with(server_id: int, actor: Identity, permission: str) -> list[int]:
    """The ids of the channels in which the actor has a permission. Raises as above."""
    ids = permissions.channels_with(actor.user_id, permission, server_id)
    if not ids:
        demand_member(server_id, actor)
    return ids


def visible_categories(server_id: int, actor: Identity) -> Sequence[Category]:
    """The categories in which the actor may read a channel, or all, for who may make channels.

    Raises: as ``readable_channels``.
    """
    statement = select(Category).where(Category.server_id == server_id)
    if not permissions.check_permission(actor.user_id, "channel.manage", "server", server_id):
        shown = {channel.category_id for channel in readable_channels(server_id, actor)}
        statement = statement.where(Category.id.in_(shown - {None}))
    return db.session.scalars(statement.order_by(Category.position, Category.id)).all()
