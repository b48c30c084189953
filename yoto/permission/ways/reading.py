"""Reads ways, and remembers them for a time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from yoto import cache as cache_layer
from yoto import tracing
from yoto.cache import PlaceKey, Position, TieredCache
from yoto.nodes import NodeId
from yoto.permission.database.pool import SidePool
from yoto.permission.directory import Providers, renew_people
from yoto.permission.loading import Loaded, load, load_one, load_these
from yoto.permission.loading.source import DATABASE_SPAN, reading
from yoto.permission.outbox.positions import required_position
from yoto.permission.outbox.watching import in_change
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place, place_key
from yoto.permission.verdict.facts import RoleClosures
from yoto.permission.verdict.resolver import flatten
from yoto.permission.verdict.stored import team_key
from yoto.permission.ways.deriving import NamedFacts, Way, ways_of

# Entries of one process: people in places. One takes some 2 to 10 kB.
CAPACITY = 5_000
# The most entries read ahead for a long list of questions.
AHEAD = 500
# s after the last policy that asked for ways, for which loads bring them along.
WANTED_SECONDS = 300.0
# s for which ways are remembered at most: as long as the cache trusts facts outside the log.
KEPT_SECONDS = 300.0


class _Kept(NamedTuple):
    """A remembered entry, its dependencies beside its user, and its end (monotonic clock)."""

    known: NamedFacts
    nodes: frozenset[PlaceKey]
    until: float


class Ways:
    """The ways of one application. Safe for threads.

    They are remembered until the invalidation log says that they may have changed; and while
    policies ask for them, each load of a verdict from the database includes them.

    Args:
        cache, pool, providers: None in an app without a cache, in which nothing is remembered.
    """

    def __init__(
        self,
        registry: PermissionRegistry,
        clock: Callable[[], float],
        cache: TieredCache | None = None,
        pool: SidePool | None = None,
        providers: Providers | None = None,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._cache = cache
        self._pool = pool
        self._providers = providers
        self._kept: dict[int, dict[PlaceKey, _Kept]] = {}
        self._number = 0
        self._lock = threading.Lock()
        self._changes = 0
        self._wanted_until = 0.0
        if cache is not None:
            cache.tailer.subscribe(self.heard)
            cache.on_invalidate(self.forget)

    def of(self, user_id: int, place: Place, permission: RegisteredPermission) -> list[Way]:
        """The ways by which a user has a permission in a place now.

        Raises:
            UnknownResource: the place does not exist.
            StoreUnavailable: the database did not answer.
        """
        self._wanted_until = monotonic() + WANTED_SECONDS
        known = self._known(user_id, place)
        return ways_of(known, permission.name, permission.mask, self._clock())

    def began(self) -> int | None:
        """Before a load of a verdict: the value for ``keep``; None: ways are not in use."""
        return self._changes if monotonic() < self._wanted_until else None

    def keep(self, began: int | None, loaded: Iterable[Loaded], ends: Mapping[int, float]) -> None:
        """Remember committed rows read since then, with names and attributes."""
        if began is None:
            return
        found = [known for read in loaded for known in self._known_of(read)]
        now, wall = monotonic(), self._clock()
        with self._lock:
            # Rows read before a change must not be remembered after it.
            if began != self._changes:
                return
            self._number += len(found)
            if self._number > CAPACITY:
                self._kept.clear()
                self._number = len(found)
            for known in found:
                places = self._kept.setdefault(known.user.user_id, {})
                # An entry counts no longer than the function's report about the user.
                life = min(KEPT_SECONDS, ends.get(known.user.user_id, math.inf) - wall)
                places[place_key(known.site.place)] = _Kept(known, _nodes(known), now + life)

    def ahead(self, asked: Sequence[tuple[int, Place]]) -> None:
        """Read the ways of the next questions together, if policies ask for ways at all.

        Raises: as ``of``.
        """
        if self._pool is None or not self._may_remember():
            return
        began = self.began()
        if began is None:
            return
        by_place: dict[Place, list[int]] = {}
        for user_id, place in asked:
            if self._remembered(user_id, place) is None:
                by_place.setdefault(place, []).append(user_id)
        by_kind: dict[tuple[int, str], list[NodeId]] = {}
        # First, since a connection that has begun to read may not show rows stored meanwhile.
        ends = self._renew(list({user_id for users in by_place.values() for user_id in users}))
        with self._pool.read() as connection:
            for place, users in by_place.items():
                if len(users) == 1 and place.id is not None:
                    by_kind.setdefault((users[0], place.kind), []).append(place.id)
                else:
                    self.keep(began, [load(connection, users, place, with_names=True)], ends)
            for (user_id, kind), ids in by_kind.items():
                self.keep(began, load_these(connection, user_id, kind, ids), ends)

    def heard(self, changed_tags: Sequence[str], position: Position) -> None:
        """Forget the subjects of the log's entry."""
        self.forget(changed_tags)

    def forget(self, changed_tags: Sequence[str]) -> None:
        """Forget entries about these subjects, and those that are being read now."""
        about = cache_layer.tags.DirtySet.of(changed_tags)
        with self._lock:
            self._changes += 1
            if about.everything:
                self._kept.clear()
                self._number = 0
                return
            for user_id in about.users:
                self._kept.pop(user_id, None)
            if about.roles or about.nodes:
                for places in self._kept.values():
                    for key, kept in list(places.items()):
                        if not (
                            about.nodes.isdisjoint(kept.nodes)
                            and about.roles.isdisjoint(kept.known.roles)
                        ):
                            del places[key]

    def _remembered(self, user_id: int, place: Place) -> NamedFacts | None:
        kept = self._kept.get(user_id, {}).get(place_key(place))
        return kept.known if kept is not None and monotonic() < kept.until else None

    def _known(self, user_id: int, place: Place) -> NamedFacts:
        if self._pool is None or in_change():
            renew_people([user_id])
            with tracing.span(DATABASE_SPAN), reading() as connection:
                [known] = self._known_of(load_one(connection, user_id, place, with_names=True))
            return known
        remembering = self._may_remember()
        remembered = self._remembered(user_id, place) if remembering else None
        if remembered is not None:
            return remembered
        began = self._changes
        ends = self._renew([user_id])
        with tracing.span(DATABASE_SPAN), self._pool.read() as connection:
            read = load_one(connection, user_id, place, with_names=True)
        if remembering:
            self.keep(began, [read], ends)
        [known] = self._known_of(read)
        return known

    def _known_of(self, read: Loaded) -> list[NamedFacts]:
        facts, people = read.facts(self._registry)
        snapshot = self._registry.snapshot
        closures, flat = RoleClosures(facts), flatten(facts, snapshot.bits)
        named = {one.administrator for one in read.site.types} - {None}
        administrators = tuple((name, snapshot.mask_named(name)) for name in named if name)
        names, attributes = read.rights.names, read.rights.attributes
        return [
            NamedFacts(
                read.site,
                flat,
                user,
                snapshot.bits,
                names,
                attributes,
                closures.of(user),
                administrators,
            )
            for user in people
        ]

    def _renew(self, user_ids: Sequence[int]) -> Mapping[int, float]:
        return {} if self._providers is None else self._providers.renew(user_ids)

    def _may_remember(self) -> bool:
        """Whether memory includes every change that the caller may rely on."""
        if self._cache is None or in_change():
            return False
        tailer, required = self._cache.tailer, required_position()
        return monotonic() < tailer.fresh_until and (required is None or tailer.applied >= required)


def _nodes(known: NamedFacts) -> frozenset[PlaceKey]:
    teams = (team_key(one.team_id) for one in known.user.teams)
    return frozenset((place_key(known.site.place), *known.site.above, *teams))
