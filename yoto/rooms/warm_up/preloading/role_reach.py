"""The hot entries that a role bears on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, union
from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.permission.database.id_list import id_array, ids_in
from yoto.permission.database.statements import assignments, heirs_of, provided, roles
from yoto.permission.loading import load_sites
from yoto.permission.registry.scopes import place_key, place_of
from yoto.rooms.warm_up.hot import Pair
from yoto.store.columns import Id
from yoto.store.models import NOWHERE

ROLE_ID: Any = bindparam("role_id", type_=Id)


_ROLE = select(roles.c.home, roles.c.is_default).where(roles.c.id == ROLE_ID)
_HEIRS = select(heirs_of(ROLE_ID).c.id)
_HOLDERS = union(
    select(assignments.c.user_id)
    .where(assignments.c.role_id.in_(_HEIRS))
    .where(
        assignments.c.user_id.in_(ids_in("user_ids")) | assignments.c.user_id.is_(None),
    ),
    select(provided.c.user_id).where(
        provided.c.role_id.in_(_HEIRS), provided.c.user_id.in_(ids_in("user_ids"))
    ),
)


def reached(connection: Connection, role_id: int, pairs: Sequence[Pair]) -> list[Pair]:
    """The ``pairs`` whose user holds the role, or one that inherits from it, in its home.

    Everybody has the default role of a home, and a role of everybody or of a team may reach every
    user. The roles of a person count from their assignment to its end: entries say by themselves
    when they change.

    Raises:
        UnknownResource: there is no such role.
    """
    role = connection.execute(_ROLE, {"role_id": role_id}).one_or_none()
    if role is None:
        raise UnknownResource("role", role_id)
    home, is_default = role
    near = pairs if home == NOWHERE else _in_home(connection, home, pairs)
    if is_default:
        return list(near)
    users = id_array({user_id for user_id, _ in near})
    asked = {"role_id": role_id, "user_ids": users}
    holders = set(connection.scalars(_HOLDERS, asked))
    if None in holders:
        return list(near)
    return [pair for pair in near if pair[0] in holders]


def _in_home(connection: Connection, home: str, pairs: Sequence[Pair]) -> list[Pair]:
    sites = load_sites(connection, {place_of(key) for _, key in pairs})
    here = {place_key(place) for place, site in sites.items() if site.home == home}
    return [pair for pair in pairs if pair[1] in here]
