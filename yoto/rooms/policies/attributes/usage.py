"""How much a server holds, for limits on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection

from yoto.store.models import Channel, Member, Message

# The countable things of a server: everything that it shows to some user.
_COUNTED: Mapping[str, Callable[[int], Select[int]]] = {
    "members": lambda server_id: select(Member.id).where(
        Member.server_id == server_id, Member.banned.is_(False)
    ),
    "channels": lambda server_id: select(Channel.id).where(Channel.server_id == server_id),
    "messages": lambda server_id: select(Message.id)
    .join(Channel, Channel.id == Message.channel_id)
    .where(Channel.server_id == server_id, Message.deleted_at.is_(None)),
}


def counts_in_server(
    connection: Connection, server_id: int, limits: Mapping[str, int]
) -> dict[str, int]:
    """The number of things in a server, each counted up to its limit: more costs nothing.

    Args:
        limits: for ``members``, ``channels``, ``messages``; other names are left out.
    """
    found: dict[str, int] = {}
    for counted, limit in limits.items():
        if counted in _COUNTED:
            some = _COUNTED[counted](server_id).limit(limit).subquery()
            found[counted] = connection.scalar(select(func.count()).select_from(some)) or 0
    return found
