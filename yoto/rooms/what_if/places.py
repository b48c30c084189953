"""Walking through the places that an act reaches, home by home, from any point on.

The order is that of the roots, then of stages (places without a home, then each type with members),
then of ids. A block belongs to one home, so that people have one membership status in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from yoto.errors import ValidationFailed
from yoto.nodes import GLOBAL, NodeId, Place, place_of_text
from yoto.permission.loading.sites import Site, ids_below, load_sites
from yoto.store.resources import ResourceType, known_types

PLACES_MAX = 200  # places of a block: they are judged together


class At(NamedTuple):
    """A point of the walk: root, stage, node, and part of the places below the node."""

    root: int = 0
    stage: int = 0
    node: str = ""
    part: int = 0


class Block(NamedTuple):
    """Places of one home, or of none, which may be few or even no places."""

    at: At
    sites: tuple[Site, ...]

    @property
    def home(self) -> str | None:
        """The node whose members are concerned."""
        return self.sites[0].home if self.sites else None


def blocks_from(connection: Connection, roots: tuple[str, ...], start: At) -> Iterator[Block]:
    """The blocks from a point on, the one there first."""
    for number, root in enumerate(roots):
        if number >= start.root:
            begin = start if number == start.root else At(number)
            yield from _Walk(connection, number, root).blocks(begin)


class _Walk:
    """The walk below one root; an empty text means everywhere."""

    def __init__(self, connection: Connection, number: int, root: str) -> None:
        self._connection, self._number = connection, number
        self._root = GLOBAL if not root else place_of_text(root)

    def blocks(self, start: At) -> Iterator[Block]:
        site = load_sites(self._connection, [self._root]).get(self._root)
        if site is None:
            return
        if site.home is not None:
            yield from self._parts(At(self._number), self._reached_in_home(), start.part)
            return
        kinds = list(known_types())
        stages = [one for one in kinds if one.members is None and not _always_in_home(one)]
        homes = [one for one in kinds if one.members is not None]
        if start.stage == 0:
            yield Block(At(self._number), (site,))
        for stage, kind in enumerate((*stages, *homes), 1):
            if stage < start.stage:
                continue
            begin = start if stage == start.stage else At(self._number, stage)
            if kind.members is None:
                yield from self._without_home(stage, kind, begin)
            else:
                yield from self._homes(stage, kind, begin)

    def _reached_in_home(self) -> list[Place]:
        """A root inside a home with all places below it, and those that take its overwrites."""
        root, known = self._root, known_types()
        itself = [root] if known.get(root.kind).askable else []
        found = dict.fromkeys([*itself, *self._below(root)])
        for declared in known:
            if declared.sync is not None and declared.sync.type == root.kind:
                ids = select(declared.id).where(declared.sync.id == root.id)
                for id_ in self._connection.scalars(ids.order_by(declared.id)):
                    place = Place(declared.name, id_)
                    found |= dict.fromkeys([place, *self._below(place)])
        return list(found)

    def _below(self, above: Place) -> list[Place]:
        return [
            Place(one.name, id_)
            for one in known_types().below(above.kind)
            if one.askable
            for id_ in ids_below(self._connection, one.name, above)
        ]

    def _without_home(self, stage: int, kind: ResourceType, start: At) -> Iterator[Block]:
        for ids in self._ids(kind, start.node):
            sites = load_sites(self._connection, [Place(kind.name, id_) for id_ in ids])
            alone = (site for place, site in sorted(sites.items()) if site.home is None)
            yield Block(At(self._number, stage, str(ids[0])), tuple(alone))

    def _homes(self, stage: int, kind: ResourceType, start: At) -> Iterator[Block]:
        for ids in self._ids(kind, start.node):
            for id_ in ids:
                home = Place(kind.name, id_)
                at = At(self._number, stage, str(id_))
                first = start.part if at.node == start.node else 0
                yield from self._parts(at, [home, *self._below(home)], first)

    def _parts(self, at: At, places: list[Place], first: int) -> Iterator[Block]:
        for part, begin in enumerate(range(0, len(places), PLACES_MAX)):
            if part >= first:
                some = places[begin : begin + PLACES_MAX]
                found = load_sites(self._connection, some)
                sites = tuple(found[place] for place in some if place in found)
                yield Block(at._replace(part=part), sites)

    def _ids(self, kind: ResourceType, start: str) -> Iterator[list[NodeId]]:
        """The ids below the root from ``start`` on, in batches."""
        first = kind.spelled(start, "after") if start else None
        read: Callable[[Any], list[Any]]
        if self._root == GLOBAL:
            ordered = select(kind.id).order_by(kind.id).limit(PLACES_MAX + 1)

            def read(begin: Any) -> list[Any]:
                wanted = ordered if begin is None else ordered.where(kind.id >= begin)
                return list(self._connection.scalars(wanted))

        else:
            possible = kind in known_types().below(self._root.kind)
            every = ids_below(self._connection, kind.name, self._root) if possible else []

            def read(begin: Any) -> list[Any]:
                wanted = (one for one in every if begin is None or one >= begin)
                return [one for one, _ in zip(wanted, range(PLACES_MAX + 1), strict=False)]

        while ids := read(first):
            yield ids[:PLACES_MAX]
            if len(ids) <= PLACES_MAX:
                return
            first = ids[-1]


def _always_in_home(kind: ResourceType) -> bool:
    """Whether a node of the type is always below a node with members."""
    if kind.members is not None:
        return True
    certain = any(not getattr(parent.column, "nullable", True) for parent in kind.parents)
    return certain and all(_always_in_home(known_types().get(one.type)) for one in kind.parents)


def checked_at(found: Any) -> At:
    """A point from a cursor.

    Raises:
        ValidationFailed: field ``after``: it is no cursor.
    """
    kinds = (int, int, str, int)
    if len(found) != len(kinds) or any(
        type(one) is not kind for one, kind in zip(found, kinds, strict=True)
    ):
        raise ValidationFailed({"after": "must be what a page gave as next_after"})
    return At(*found)
