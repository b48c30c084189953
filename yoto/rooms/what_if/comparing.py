"""Permissions in places: of a member who holds some roles, and of two people side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.nodes import shown_text
from yoto.permission.database.statements import roles
from yoto.permission.explain.derivation import Derivation
from yoto.permission.explain.loading import load_facts_of_many
from yoto.permission.loading.loader import Loaded, rights_in
from yoto.permission.loading.sites import Site, load_sites
from yoto.permission.people.numbers import own_ids
from yoto.permission.people.subjects import name_of_no_person
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict.comparison import differing
from yoto.permission.verdict.facts import Assignment, UserFacts
from yoto.permission.verdict.resolver import flatten, resolve
from yoto.rooms.what_if.report import Comparison, Differing, Side
from yoto.store.models import NOWHERE

NOBODY = 0  # the number of no person


def names_of_roles(
    connection: Connection,
    state: PermissionState,
    role_ids: Iterable[int],
    places: Sequence[Place],
) -> list[frozenset[str]]:
    """For each place the names of the permissions there.

    Raises:
        UnknownResource: a place does not exist, or a role does not count in any of them.
    """
    sites = load_sites(connection, places)
    for place in places:
        if place not in sites:
            raise UnknownResource(place.kind, place.id)
    wanted = list(dict.fromkeys(role_ids))
    by_home: dict[str | None, list[Site]] = {}
    for site in sites.values():
        by_home.setdefault(site.home, []).append(site)
    _demand_roles(connection, wanted, by_home)
    snapshot, now = state.registry.snapshot, state.clock()
    nobody = UserFacts(NOBODY, member=True)
    held = tuple(map(Assignment, wanted))
    found: dict[Place, frozenset[str]] = {}
    for together in by_home.values():
        rights = rights_in(connection, (), together, wanted)
        for site in together:
            # With the roles that everybody there holds, since every member has them.
            facts, [one] = Loaded(site, rights, (nobody,)).facts(state.registry)
            someone = replace(one, assignments=(*one.assignments, *held))
            mask = resolve(flatten(facts, snapshot.bits), someone, now, snapshot.bits).mask
            known = snapshot.by_name.values()
            found[site.place] = frozenset(each.name for each in known if mask & each.mask)
    return [found[place] for place in places]


def _demand_roles(
    connection: Connection, wanted: Sequence[int], homes: Iterable[str | None]
) -> None:
    of_these = {NOWHERE, *(home for home in homes if home is not None)}
    rows = connection.execute(select(roles.c.id, roles.c.home).where(roles.c.id.in_(wanted)))
    there = {id_ for id_, home in rows if home in of_these}
    for role_id in wanted:
        if role_id not in there:
            raise UnknownResource("role", role_id, "role_ids")


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
