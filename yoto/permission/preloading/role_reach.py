"""Which of the hot entries a role has a part in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from yoto.cache import PlaceKey
from yoto.errors import UnknownResource
from yoto.optimization import Pair
from yoto.permission.id_list import id_array, ids_in
from yoto.permission.scopes import place_of
from yoto.permission.statements import CHANNEL, SERVER, assignments, channels, roles
from yoto.store.db import Id

ROLE_ID: Any = bindparam("role_id", type_=Id)


def _inheriting() -> Any:
    """The role and all that inherit from it: their holders have what it gives."""
    first = select(roles.c.id).where(roles.c.id == ROLE_ID).cte("inheriting", recursive=True)
    children = select(roles.c.id).join_from(first, roles, roles.c.parent_id == first.c.id)
    return first.union(children)


_ROLE = select(roles.c.server_id, roles.c.is_default).where(roles.c.id == ROLE_ID)
_HOLDERS = (
    select(assignments.c.user_id)
    .where(assignments.c.user_id.in_(ids_in("user_ids")))
    .where(assignments.c.role_id.in_(select(_inheriting().c.id)))
    .distinct()
)
_CHANNELS = select(channels.c.id).where(
    channels.c.id.in_(ids_in("channel_ids")),
    channels.c.server_id == bindparam("server_id", type_=Id),
)


def reached(connection: Connection, role_id: int, pairs: Sequence[Pair]) -> list[Pair]:
    """Those of ``pairs`` whose user holds the role, or one that inherits from it, in its server.

    Everybody has the default role of a server. The roles of a person count from their assignment
    to its end: entries say by themselves when they change.

    Raises:
        UnknownResource: there is no such role.
    """
    role = connection.execute(_ROLE, {"role_id": role_id}).one_or_none()
    if role is None:
        raise UnknownResource("role", role_id)
    server_id, is_default = role
    near = pairs if server_id is None else _in_server(connection, server_id, pairs)
    if is_default:
        return list(near)
    users = id_array({user_id for user_id, _ in near})
    found = connection.execute(_HOLDERS, {"role_id": role_id, "user_ids": users}).scalars()
    holders = set(found)
    return [pair for pair in near if pair[0] in holders]


def _in_server(connection: Connection, server_id: int, pairs: Sequence[Pair]) -> list[Pair]:
    asked = {place_of(place).id for _, place in pairs if place_of(place).kind == CHANNEL}
    parameters = {"server_id": server_id, "channel_ids": id_array(filter(None, asked))}
    inside = set(connection.execute(_CHANNELS, parameters).scalars())

    def belongs(key: PlaceKey) -> bool:
        place = place_of(key)
        if place.kind == SERVER:
            return place.id == server_id
        return place.kind == CHANNEL and place.id in inside

    return [pair for pair in pairs if belongs(pair[1])]
