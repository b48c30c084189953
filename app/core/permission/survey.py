"""In which channels of a server somebody has a permission: four statements, however many there are.

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

from app.core.permission.asking import ask_policies
from app.core.permission.facts import PlaceFacts, RoleFacts, UserFacts
from app.core.permission.id_list import id_array, ids_in
from app.core.permission.registry import PermissionRegistry
from app.core.permission.resolver import flatten, resolve
from app.core.permission.scopes import CATEGORY, Place, checked_id
from app.core.permission.single import load_facts
from app.core.permission.source import reading
from app.core.permission.state import PermissionState, get_state
from app.core.permission.statements import (
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
from app.db import Id

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


class Survey:
    """The part of ``PermissionSystem`` that looks over all channels of a server at once."""

    def channels_with(self, user_id: int, permission: str, server_id: int) -> list[int]:
        """The channels of the server in which the user has the permission, in their order.

        The verdicts are those of ``check_permission``. It tells what somebody may do and is no
        use of it: super-admins' answers are not audited.

        Raises:
            UnknownPermission: nobody registered the permission.
            UnknownResource: the server does not exist.
            ValidationFailed: an id that is none.
            StoreUnavailable: the database did not answer.
        """
        state = get_state()
        registered = state.registry.get(permission)
        place = Place(SERVER, checked_id(server_id, "server_id"))
        with reading() as connection:
            facts, user = load_facts(
                connection, checked_id(user_id, "user_id"), place, state.registry.mask_of_id
            )
            places = _places_in_force(connection, server_id)
            local = _local_masks(connection, facts, user, state.registry)
        masks = _masks(facts, user, places, local, state)
        allowed = [channel_id for channel_id in places if masks[channel_id] & registered.mask]
        asked = state.asks_in(registered, [Place(CHANNEL, channel_id) for channel_id in allowed])
        return [
            channel_id
            for channel_id in allowed
            if (channel := Place(CHANNEL, channel_id)) not in asked
            or not ask_policies(state, user_id, [registered], channel, None).denied
        ]


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


def _masks(
    facts: PlaceFacts,
    user: UserFacts,
    places: Mapping[int, Place],
    local: Locals,
    state: PermissionState,
) -> dict[int, int]:
    """The effective permissions in each channel; channels that differ in nothing share one."""
    bits, now = state.registry.snapshot.bits, state.clock()
    by_place, by_channel = local

    def mask_with(*locals_of: LocalMasks | None) -> int:
        laid = [masks for masks in locals_of if masks is not None]
        place = replace(facts, kind=CHANNEL, roles=_with_locals(facts.roles, laid))
        person = replace(
            user,
            own_allow=reduce(operator.or_, (masks.own[0] for masks in laid), 0),
            own_deny=reduce(operator.or_, (masks.own[1] for masks in laid), 0),
        )
        return resolve(flatten(place, bits), person, now, bits).mask

    shared: dict[LocalKey, int] = {}
    found = {}
    for channel_id, place in places.items():
        channel = Place(CHANNEL, channel_id)
        key = (place if place in by_place else None, channel if channel in by_channel else None)
        if key not in shared:
            shared[key] = mask_with(by_place.get(place), by_channel.get(channel))
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
