"""What somebody may do in each channel of a server: four statements, however many there are.

The facts of the server are loaded once; what is different in single channels is laid over them.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import CompoundSelect

from yoto.permission.facts import PlaceFacts, RoleFacts, UserFacts
from yoto.permission.id_list import id_array, ids_in
from yoto.permission.registry import PermissionRegistry
from yoto.permission.resolver import Resolution, flatten, resolve
from yoto.permission.scopes import CATEGORY, Place
from yoto.permission.single import load_facts
from yoto.permission.statements import (
    CHANNEL,
    ROLE_IDS,
    SERVER,
    allows,
    categories,
    channels,
    grants,
    group_grants,
    in_group,
    overwrites,
)
from yoto.store.db import Id

channels_in_sync = channels.alias("channels_in_sync")

SERVER_ID: ColumnElement[int] = bindparam("server_id", type_=Id)
USER_ID: ColumnElement[int] = bindparam("user_id", type_=Id)


@dataclass(slots=True)
class LocalMasks:
    """What is different in one place: ``[allow, deny]`` of each role, and of the user alone."""

    roles: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    own: list[int] = field(default_factory=lambda: [0, 0])


# Overwrites by the place that has them; grants for single channels by the channel.
Locals = tuple[Mapping[Place, LocalMasks], Mapping[Place, LocalMasks]]
LocalKey = tuple[Place | None, Place | None]


def _channels_of_server() -> Select[Any]:
    """Rows: channel, and the category that it is in sync with."""
    takes_over = and_(channels.c.synced == true(), categories.c.id == channels.c.category_id)
    return (
        select(channels.c.id, categories.c.id)
        .select_from(channels.outerjoin(categories, takes_over))
        .where(channels.c.server_id == SERVER_ID)
        .order_by(channels.c.position, channels.c.id)
    )


def _local_rows() -> CompoundSelect[Any]:
    """Rows: is a grant, channel, category, role, permission, allows; no role: the user's own."""
    places = overwrites.outerjoin(channels, channels.c.id == overwrites.c.channel_id)
    taken_over = select(channels_in_sync.c.category_id).where(
        channels_in_sync.c.server_id == SERVER_ID, channels_in_sync.c.synced == true()
    )
    overwritten = (
        select(
            literal_column("0"),
            overwrites.c.channel_id,
            overwrites.c.category_id,
            overwrites.c.role_id,
            overwrites.c.permission_id,
            allows(overwrites),
        )
        .select_from(places)
        .where(
            or_(
                channels.c.server_id == SERVER_ID,
                overwrites.c.category_id.in_(taken_over),
            )
        )
    )

    def granted(source: Table, permission_id: ColumnElement[int]) -> Select[Any]:
        columns = (source.c.channel_id, null(), source.c.role_id, permission_id, allows(source))
        return (
            select(literal_column("1"), *columns)
            .join_from(source, channels, channels.c.id == source.c.channel_id)
            .where(source.c.role_id.in_(ids_in(ROLE_IDS)), channels.c.server_id == SERVER_ID)
        )

    return union_all(
        overwritten.where(overwrites.c.role_id.in_(ids_in(ROLE_IDS))),
        overwritten.where(overwrites.c.user_id == USER_ID),
        granted(grants, grants.c.permission_id),
        granted(group_grants, in_group.c.permission_id).join(
            in_group, in_group.c.group_id == group_grants.c.group_id
        ),
    )


CHANNELS_OF_SERVER = _channels_of_server()
LOCAL_ROWS = _local_rows()


def load_channels(
    connection: Connection, user_id: int, server_id: int, registry: PermissionRegistry, now: float
) -> tuple[PlaceFacts, UserFacts, dict[int, Resolution]]:
    """The facts of the server and of the user in it, and what they may do in each channel.

    Channels come in their order; those that differ in nothing share one resolution.

    Args:
        now: epoch seconds.

    Raises:
        UnknownResource: the server does not exist.
    """
    facts, user = load_facts(connection, user_id, Place(SERVER, server_id), registry.mask_of_id)
    places = _places_in_force(connection, server_id)
    local = _local_masks(connection, facts, user, registry)
    return facts, user, _resolutions(facts, user, places, local, registry, now)


def _places_in_force(connection: Connection, server_id: int) -> dict[int, Place]:
    """For each channel the place whose overwrites are in force in it."""
    return {
        channel_id: (
            Place(CHANNEL, channel_id) if category_id is None else Place(CATEGORY, category_id)
        )
        for channel_id, category_id in connection.execute(
            CHANNELS_OF_SERVER, {"server_id": server_id}
        )
    }


def _local_masks(
    connection: Connection, facts: PlaceFacts, user: UserFacts, registry: PermissionRegistry
) -> Locals:
    by_place: defaultdict[Place, LocalMasks] = defaultdict(LocalMasks)
    by_channel: defaultdict[Place, LocalMasks] = defaultdict(LocalMasks)
    parameters = {
        "server_id": facts.server_id,
        "user_id": user.user_id,
        ROLE_IDS: id_array(facts.roles),
    }
    for is_grant, channel_id, category_id, role_id, permission_id, allow in connection.execute(
        LOCAL_ROWS, parameters
    ):
        place = Place(CATEGORY, category_id) if channel_id is None else Place(CHANNEL, channel_id)
        masks = by_channel[place] if is_grant else by_place[place]
        target = masks.own if role_id is None else masks.roles[role_id]
        target[0 if allow else 1] |= registry.mask_of_id(permission_id)
    return by_place, by_channel


def _resolutions(
    facts: PlaceFacts,
    user: UserFacts,
    places: Mapping[int, Place],
    local: Locals,
    registry: PermissionRegistry,
    now: float,
) -> dict[int, Resolution]:
    bits = registry.snapshot.bits
    by_place, by_channel = local

    def resolved_with(*locals_of: LocalMasks | None) -> Resolution:
        laid = [masks for masks in locals_of if masks is not None]
        place = replace(facts, kind=CHANNEL, roles=_with_locals(facts.roles, laid))
        person = replace(
            user,
            own_allow=reduce(operator.or_, (masks.own[0] for masks in laid), 0),
            own_deny=reduce(operator.or_, (masks.own[1] for masks in laid), 0),
        )
        return resolve(flatten(place, bits), person, now, bits)

    shared: dict[LocalKey, Resolution] = {}
    found = {}
    for channel_id, place in places.items():
        channel = Place(CHANNEL, channel_id)
        key = (place if place in by_place else None, channel if channel in by_channel else None)
        if key not in shared:
            shared[key] = resolved_with(by_place.get(place), by_channel.get(channel))
        found[channel_id] = shared[key]
    return found


def _with_locals(
    roles: Mapping[int, RoleFacts], laid: Sequence[LocalMasks]
) -> Mapping[int, RoleFacts]:
    changed = dict(roles)
    for masks in laid:
        for role_id, (allow, deny) in masks.roles.items():
            role = changed[role_id]
            changed[role_id] = replace(
                role, local_allow=role.local_allow | allow, local_deny=role.local_deny | deny
            )
    return changed
