"""Lists of channels and categories: those that the caller may not read are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select

from app.blueprints.servers.membership import demand_member
from app.extensions import permissions
from app.models import Category, Channel
from yoto.auth.identity import Identity
from yoto.store.db import db

_channels = Channel.__table__
_CHANNELS_OF_SERVER = (
    select(_channels)
    .where(_channels.c.server_id == bindparam("server_id"))
    .order_by(_channels.c.position, _channels.c.id)
)


def readable_channels(server_id: int, actor: Identity) -> Sequence[Row[Any]]:
    """The channels of a server that the actor may read, in their order.

    Raises:
        PermissionDenied: the actor is no member, and may read none.
        UnknownResource: there is no such server.
    """
    rows = db.session.execute(_CHANNELS_OF_SERVER, {"server_id": server_id}).all()
    ids = [row.id for row in rows]
    readable = frozenset(channels_with(server_id, actor, "channel.read", ids))
    return [row for row in rows if row.id in readable]


def channels_with(
    server_id: int, actor: Identity, permission: str, among: Sequence[int] | None = None
) -> list[int]:
    """The ids of the channels in which the actor has a permission. Raises as ``readable_channels``.

    Args:
        among: all channels of the server, if the caller has read them.
    """
    ids: list[Any] = permissions.nodes_with(
        actor.user_id, permission, "channel", "server", server_id, among
    )
    if not ids:
        demand_member(server_id, actor)
    return ids


def visible_categories(server_id: int, actor: Identity) -> Sequence[Category]:
    """The categories in which the actor may read a channel; all if the actor may make channels.

    Raises: as ``readable_channels``.
    """
    statement = select(Category).where(Category.server_id == server_id)
    if not permissions.check_permission(actor.user_id, "channel.manage", "server", server_id):
        shown = {channel.category_id for channel in readable_channels(server_id, actor)}
        statement = statement.where(Category.id.in_(shown - {None}))
    return db.session.scalars(statement.order_by(Category.position, Category.id)).all()
