"""The permissions in places of a member who holds some roles, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto.errors import UnknownResource
from yoto.permission.database.statements import roles
from yoto.permission.loading.loader import Loaded, rights_in
from yoto.permission.loading.sites import Site, load_sites
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict.facts import Assignment, UserFacts
from yoto.permission.verdict.resolver import flatten, resolve
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
