"""Reading the present rows that a history begins from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, false, null, or_, select, true
from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.permission.batch import IDS
from yoto.permission.explain.evidence import RoleRow
from yoto.permission.id_list import id_array, ids_in
from yoto.permission.review.history import Account, History, Membership
from yoto.permission.scopes import Place
from yoto.permission.single import epoch
from yoto.permission.statements import (
    CHANNEL,
    ROLE_IDS,
    SERVER,
    allows,
    assignments,
    categories,
    channels,
    grants,
    group_grants,
    groups,
    in_group,
    members,
    overwrites,
    role_columns,
    roles,
    servers,
    users,
)

OF_ROLES = ids_in(ROLE_IDS)


def load_history(connection: Connection, place: Place, wanted: Sequence[int]) -> History:
    """All that bears on the permissions ``wanted`` in ``place``, as it is now, without accounts.

    Raises:
        UnknownResource: the place does not exist.
    """
    found = _place(connection, place)
    _add_roles(connection, found)
    _add_grants(connection, found, wanted)
    _add_groups(connection, found, wanted)
    if place.kind == CHANNEL:
        _add_overwrites(connection, found, wanted)
    if found.server_id is not None:
        _add_members(connection, found)
    return found


def _add_roles(connection: Connection, found: History) -> None:
    """Those of the server and the global ones, with who holds them."""
    homes = {0, found.server_id or 0}
    columns = [*role_columns(roles), roles.c.name]
    for row in connection.execute(select(*columns).where(roles.c.server_key.in_(homes))):
        found.roles[row.id] = RoleRow(*row)
    for user_id, role_id, starts, ends in connection.execute(
        select(
            assignments.c.user_id,
            assignments.c.role_id,
            assignments.c.valid_from,
            assignments.c.valid_until,
        ).where(assignments.c.role_id.in_(OF_ROLES)),
        {ROLE_IDS: id_array(found.roles)},
    ):
        found.windows[user_id][role_id] = (epoch(starts), epoch(ends))


def _add_grants(connection: Connection, found: History, wanted: Sequence[int]) -> None:
    ids = {ROLE_IDS: id_array(found.roles)}
    for role_id, permission_id, scope, allow in connection.execute(
        select(grants.c.role_id, grants.c.permission_id, grants.c.scope_key, allows(grants)).where(
            grants.c.role_id.in_(OF_ROLES), grants.c.permission_id.in_(wanted)
        ),
        ids,
    ):
        found.grants[role_id, permission_id, scope] = bool(allow)
    for role_id, group_id, scope, allow in connection.execute(
        select(
            group_grants.c.role_id,
            group_grants.c.group_id,
            group_grants.c.scope_key,
            allows(group_grants),
        ).where(group_grants.c.role_id.in_(OF_ROLES)),
        ids,
    ):
        found.group_grants[role_id, group_id, scope] = bool(allow)


def _add_groups(connection: Connection, found: History, wanted: Sequence[int]) -> None:
    for group_id, name in connection.execute(select(groups.c.id, groups.c.name)):
        found.groups[group_id] = set()
        found.group_names[name] = group_id
    for group_id, permission_id in connection.execute(
        select(in_group.c.group_id, in_group.c.permission_id).where(
            in_group.c.permission_id.in_(wanted)
        )
    ):
        found.groups[group_id].add(permission_id)


def _place(connection: Connection, place: Place) -> History:
    if place.id is None:
        return History(place, None, None, None, False)
    owned = select(servers.c.id, servers.c.owner_id)
    if place.kind == SERVER:
        statement = owned.add_columns(null(), false()).where(servers.c.id == place.id)
    else:
        statement = (
            owned.add_columns(channels.c.category_id, channels.c.synced)
            .join(channels, channels.c.server_id == servers.c.id)
            .where(channels.c.id == place.id)
        )
    row: Row[*tuple[Any, ...]] | None = connection.execute(statement).one_or_none()
    if row is None:
        raise UnknownResource(place.kind, place.id)
    server_id, owner_id, category_id, synced = row
    return History(place, server_id, owner_id, category_id, bool(synced))


def _add_overwrites(connection: Connection, found: History, wanted: Sequence[int]) -> None:
    """Those of the channel and of all categories of its server: it may have been in another."""
    near = select(categories.c.id).where(categories.c.server_id == found.server_id)
    statement = select(
        overwrites.c.overwrite_key, overwrites.c.permission_id, allows(overwrites)
    ).where(
        overwrites.c.permission_id.in_(wanted),
        or_(overwrites.c.channel_id == found.place.id, overwrites.c.category_id.in_(near)),
    )
    for key, permission_id, allow in connection.execute(statement):
        place, _, target = key.partition("/")
        found.overwrites[place, target, permission_id] = bool(allow)


def _add_members(connection: Connection, found: History) -> None:
    for user_id, banned, timeout_until in connection.execute(
        select(members.c.user_id, members.c.banned, members.c.timeout_until).where(
            members.c.server_id == found.server_id
        )
    ):
        found.members[user_id] = Membership(bool(banned), epoch(timeout_until))


def add_accounts(connection: Connection, found: History, user_ids: Iterable[int]) -> None:
    """Add the accounts of these users, of all in the rows, and of the super-admins."""
    concerned = {IDS: id_array({*user_ids, *found.users()})}
    for user_id, disabled, super_admin in connection.execute(
        select(users.c.id, users.c.disabled, users.c.super_admin).where(
            or_(users.c.id.in_(ids_in(IDS)), users.c.super_admin == true())
        ),
        concerned,
    ):
        found.accounts[user_id] = Account(bool(disabled), bool(super_admin))
