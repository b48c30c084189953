"""The hot entries to bring into memory, their order, and those that a role bears on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, union
from sqlalchemy.engine import Connection

from yoto.cache import PlaceKey
from yoto.errors import UnknownResource
from yoto.permission.database.statements import (
    assignments,
    heirs_of,
    id_array,
    ids_in,
    provided,
    roles,
)
from yoto.permission.loading import load_sites
from yoto.permission.registry.scopes import place_key, place_of
from yoto.rooms.warm_up.hot import Pair
from yoto.store.columns import Id
from yoto.store.models import NOWHERE

# Users a statement: few enough to take milliseconds, also where one thread serves all requests.
USERS_A_BATCH = 100


class PreloadBatch(NamedTuple):
    """Users whose entries in one place are asked for together."""

    place: PlaceKey
    user_ids: tuple[int, ...]

    @property
    def pairs(self) -> list[Pair]:
        """The users with their place, one by one."""
        return [(user_id, self.place) for user_id in self.user_ids]


def plan(
    pairs: Iterable[Pair], entries: int, places_a_user: int, users_a_batch: int = USERS_A_BATCH
) -> list[PreloadBatch]:
    """Batches of the first of ``pairs``, which come hottest first.

    Batches are in the order of their hottest pair: a run that stops early has loaded the most
    important.

    Args:
        entries: the most pairs to take.
        places_a_user: the most places of one user; memory keeps no more.
    """
    by_place: dict[PlaceKey, list[int]] = {}
    places_of: Counter[int] = Counter()
    rank: dict[Pair, int] = {}
    for user_id, place in pairs:
        if len(rank) >= entries:
            break
        if (user_id, place) in rank or places_of[user_id] >= places_a_user:
            continue
        rank[user_id, place] = len(rank)
        places_of[user_id] += 1
        by_place.setdefault(place, []).append(user_id)
    batches = [
        PreloadBatch(place, tuple(user_ids[start : start + users_a_batch]))
        for place, user_ids in by_place.items()
        for start in range(0, len(user_ids), users_a_batch)
    ]
    return sorted(batches, key=lambda batch: rank[batch.pairs[0]])


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
