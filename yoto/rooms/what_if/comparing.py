"""Two people side by side: the permissions in a place that only one of them has."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.nodes import shown_text
from yoto.permission.explain.derivation import Derivation
from yoto.permission.explain.loading import load_facts_of_many
from yoto.permission.people.numbers import own_ids
from yoto.permission.people.subjects import name_of_no_person
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict.comparison import differing
from yoto.rooms.what_if.report import Comparison, Differing, Side


def compared(
    connection: Connection,
    state: PermissionState,
    place: Place,
    pair: tuple[int, int],
    *,
    numbers: bool,
) -> Comparison:
    """See ``Trying.compare``."""
    now, known = state.clock(), state.registry.snapshot.by_name.values()
    found = {
        one.user.user_id: Derivation.of(one, state.registry, now)
        for one in load_facts_of_many(connection, list(dict.fromkeys(pair)), place)
    }
    for number, field in zip(pair, ("user_id", "other_id"), strict=True):
        if number not in found:
            raise UnknownResource("user", number, field)
    user, other = found[pair[0]], found[pair[1]]
    mask = user.resolution.mask
    names: dict[bool, list[Differing]] = {True: [], False: []}
    for permission, mine, theirs in differing(user.resolution, other.resolution, known):
        names[bool(mask & permission.mask)].append(Differing(permission.name, mine, theirs))
    both = (one.name for one in known if mask & other.resolution.mask & one.mask)
    own: dict[int, Any] = {} if numbers else own_ids(pair)
    return Comparison(
        shown_text(str(place)),
        _side(user, other, own),
        _side(other, user, own),
        tuple(names[True]),
        tuple(names[False]),
        tuple(both),
    )


def _side(one: Derivation, other: Derivation, own: dict[int, Any]) -> Side:
    number, facts = one.facts.user.user_id, one.facts
    only = [facts.roles[id_] for id_ in one.in_force - other.in_force]
    return Side(
        own.get(number, number),
        facts.username or name_of_no_person(number) or "",
        one.resolution.status.name.lower(),
        facts.user.super_admin,
        tuple(role.name for role in sorted(only, key=lambda role: (-role.position, role.id))),
    )
