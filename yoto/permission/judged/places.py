"""Servers and channels as policies see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, null, or_, select
from sqlalchemy.engine import Connection

from yoto.store.models import Channel, Server

CHANNEL, SERVER = "channel", "server"

_SERVER = (
    Server.id,
    Server.owner_id,
    Server.time_zone,
    Server.access_hours,
    Server.blocked_networks,
    Server.device_required,
)
IN_SERVER = select(*_SERVER)
IN_CHANNEL = select(*_SERVER, Channel.kind, Channel.sensitivity, Channel.hours).join_from(
    Channel, Server, Server.id == Channel.server_id
)


@dataclass(frozen=True, slots=True)
class PlaceAttributes:
    """One server, or one channel with its server.

    Attributes:
        server, channel: JSON data for the input; ``channel`` is None for a server.
        judged: whether it has an attribute that policies read for members, who only send messages.
    """

    server_id: int
    server: dict[str, Any]
    channel: dict[str, Any] | None = None

    @property
    def judged(self) -> bool:
        channel = self.channel
        return channel is not None and (channel["hours"] is not None or channel["sensitivity"] > 0)


def load_place(connection: Connection, scope: str, scope_id: int) -> PlaceAttributes | None:
    """The attributes of a server or channel; None: it does not exist."""
    if scope == CHANNEL:
        statement = IN_CHANNEL.where(Channel.id == scope_id)
    else:
        statement = IN_SERVER.where(Server.id == scope_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    server = {
        "id": row.id,
        "owner_id": row.owner_id,
        "time_zone": row.time_zone,
        "access_hours": row.access_hours,
        "blocked_networks": row.blocked_networks or [],
        "device_required": row.device_required,
    }
    if scope != CHANNEL:
        return PlaceAttributes(row.id, server)
    channel = {
        "id": scope_id,
        "kind": row.kind,
        "sensitivity": row.sensitivity,
        "hours": row.hours,
    }
    return PlaceAttributes(row.id, server, channel)


def judges_members(channel: Any) -> ColumnElement[bool]:
    """``PlaceAttributes.judged`` as a condition on the mapped class of channels, or an alias."""
    return or_(channel.hours.is_not(null()), channel.sensitivity > 0)


def judged_channels(connection: Connection, channel_ids: Sequence[int]) -> list[int]:
    """The channels among some whose attributes policies judge members by."""
    statement = select(Channel.id).where(Channel.id.in_(channel_ids), judges_members(Channel))
    return list(connection.scalars(statement))
