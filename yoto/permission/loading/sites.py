"""The site of a place: the nodes above it, and the rules of their types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from yoto.cache import NodeId, PlaceKey
from yoto.errors import UnknownResource
from yoto.nodes import GLOBAL, GLOBAL_KIND, here_only, key_of_text, text_of
from yoto.permission.loading.places_sql import ABOVE_ID, PLACE_IDS, RUNG, places_sql
from yoto.permission.registry.registry import Snapshot
from yoto.permission.registry.scopes import Place
from yoto.permission.verdict.facts import PlaceFacts, PlaceRules, RoleFacts
from yoto.store.resources import Chain, ResourceType, known_types


class Site(NamedTuple):
    """The nodes around a place.

    Attributes:
        nodes: the texts of all nodes from the top down, the place's own last.
        types: the type of each.
        home: the node that people belong to; None: there is none.
        owner_id: the owner of the home.
        owners: other owners of nodes, and whether each counts only as a member.
        levels: the nodes below the home (all, where there is none), from the top down.
        overwritten: for each level, the node whose overwrites are in force.
        owned: the nodes that each of ``owners`` owns.
    """

    place: Place
    nodes: tuple[str, ...] = ()
    types: tuple[ResourceType, ...] = ()
    home: str | None = None
    owner_id: int | None = None
    owners: tuple[tuple[int, bool], ...] = ()
    levels: tuple[str, ...] = ()
    overwritten: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()

    @property
    def upper(self) -> tuple[str, ...]:
        """The nodes down to the home."""
        return self.nodes[: len(self.nodes) - len(self.levels)]

    @property
    def above(self) -> tuple[PlaceKey, ...]:
        """Everything else that takes part in a user's permissions in the place."""
        others = dict.fromkeys((*self.nodes[:-1], *self.overwritten))
        others.pop(str(self.place), None)
        return tuple(map(key_of_text, others))

    @property
    def holding(self) -> tuple[str, ...]:
        """The nodes whose assignments count here, as in ``RoleAssignment.node``."""
        return (*self.nodes, here_only(self.nodes[-1])) if self.nodes else ()

    @property
    def outside(self) -> frozenset[str]:
        """The nodes whose assignments count also for people who do not belong, as ``holding``."""
        # Above the home an assignment counts for everybody.
        high = self.upper[:-1] if self.home is not None else ()
        shared = [text for text, one in zip(self.nodes, self.types, strict=True) if one.shared]
        if self.nodes and self.nodes[-1] in (*high, *shared):
            shared.append(here_only(self.nodes[-1]))
        return frozenset((*high, *shared))

    def rules(self, snapshot: Snapshot) -> PlaceRules:
        """The rules of the types, as masks."""
        low = len(self.nodes) - len(self.levels)
        gates = administrator = 0
        for one in self.types:
            if one.gate is not None:
                # Unregistered permissions belong to no user.
                gates |= snapshot.mask_named(one.gate) or 1 << snapshot.bits.width
            if one.administrator is not None:
                administrator |= snapshot.mask_named(one.administrator)
        remaining = 0
        for one in self.types:
            for name in one.remaining:
                remaining |= snapshot.mask_named(name)
        return PlaceRules(
            tuple(one.shared for one in self.types[low:]),
            gates,
            remaining,
            administrator,
            self.outside,
        )

    def facts(self, roles: dict[int, RoleFacts], snapshot: Snapshot) -> PlaceFacts:
        """The place as facts for the resolver."""
        return PlaceFacts(
            self.home, self.owner_id, roles, self.rules(snapshot), self.nodes, self.owners
        )


GLOBAL_SITE = Site(GLOBAL)


def site_of(place: Place, chain: Chain, row: Sequence[Any]) -> Site | None:
    """The site in a row of ``places_sql``; None: a node on the way does not exist."""
    if place.id is None:
        return GLOBAL_SITE
    if row[0]:
        return None
    nodes: list[str] = []
    types: list[ResourceType] = []
    owners: list[int | None] = []
    overwritten: list[str] = []
    at = 1
    for rung in chain.rungs:
        expected, found, owner, synced = row[at : at + RUNG]
        at += RUNG
        if expected is None:
            continue
        if found is None or (not nodes and found != place.id):
            return None
        declared = rung.type
        text = text_of(declared.name, found)
        nodes.append(text)
        types.append(declared)
        owners.append(owner)
        sync = declared.sync
        follows = sync is not None and synced is not None
        overwritten.append(text_of(sync.type, synced) if sync and follows else text)
    for found_of in (nodes, types, owners, overwritten):
        found_of.reverse()
    home = next((n for n, one in enumerate(types) if one.members is not None), None)
    low = 0 if home is None else home + 1
    others = [n for n, owner in enumerate(owners) if owner is not None and n != home]
    return Site(
        place,
        tuple(nodes),
        tuple(types),
        None if home is None else nodes[home],
        None if home is None else owners[home],
        tuple((owners[n] or 0, n >= low and not types[n].shared) for n in others),
        tuple(nodes[low:]),
        tuple(overwritten[low:]),
        tuple(nodes[n] for n in others),
    )


def load_sites(connection: Connection, places: Iterable[Place]) -> dict[Place, Site]:
    """The sites of places: one statement a type. Places that do not exist are left out."""
    by_kind: dict[str, list[Place]] = {}
    for place in places:
        by_kind.setdefault(place.kind, []).append(place)
    found: dict[Place, Site] = {}
    types = known_types()
    for kind, wanted in by_kind.items():
        if kind == GLOBAL_KIND:
            found[GLOBAL] = GLOBAL_SITE
            continue
        if types.find(kind) is None:
            continue
        sql = places_sql(types, kind, many=False, which=PLACE_IDS)
        given = {PLACE_IDS: [place.id for place in wanted], "user_id": None}
        for row in connection.execute(sql.statement, given):
            place = Place(kind, row[2])
            site = site_of(place, sql.chain, row)
            if site is not None:
                found[place] = site
    return found


def ids_below(connection: Connection, kind: str, above: Place) -> list[NodeId]:
    """The ids of all nodes of a kind below one, lowest first."""
    sql = places_sql(known_types(), kind, many=False, which=above.kind)
    rows = connection.execute(sql.statement, {"user_id": None, ABOVE_ID: above.id})
    return sorted(row[2] for row in rows)


def site_at(connection: Connection, place: Place) -> Site:
    """The site of one place.

    Raises:
        UnknownResource: it does not exist.
    """
    found = load_sites(connection, [place]).get(place)
    if found is None:
        raise UnknownResource(place.kind, place.id)
    return found


def implying(place: Place, snapshot: Snapshot) -> list[int]:
    """Ids of the permissions without which no other counts in places of this kind."""
    if place.id is None:
        return []
    names: dict[str, None] = {}
    for declared in known_types().line(place.kind):
        for name in (declared.gate, declared.administrator):
            if name is not None:
                names[name] = None
    return [snapshot.by_name[name].id for name in names if name in snapshot.by_name]
