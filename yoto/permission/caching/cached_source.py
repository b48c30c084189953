"""Resolutions from memory, from Redis, or from the database on a connection of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time

from yoto import tracing
from yoto.cache import Entry, FoundEntries, Loaded, NodeId, PlaceKey, Position, Slot, TieredCache
from yoto.nodes import id_of
from yoto.permission.database.pool import SidePool
from yoto.permission.directory import Providers
from yoto.permission.loading import Loaded as Read
from yoto.permission.loading import load, load_one, load_places
from yoto.permission.loading.source import DATABASE_SPAN, Answer, DatabaseSource, many
from yoto.permission.outbox.positions import DATABASE_ONLY, required_position, to_position
from yoto.permission.outbox.watching import in_change
from yoto.permission.registry.bits import SUPER
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place, checked_id, place_key, place_of
from yoto.permission.verdict.facts import RoleClosures
from yoto.permission.verdict.resolver import Resolution, flatten, resolve
from yoto.permission.verdict.stored import ending_by, to_loaded, to_resolution
from yoto.permission.ways import Ways
from yoto.store.resources import known_types


class CachedSource:
    """A ``ResolutionSource`` over the hybrid cache.

    A caller whose own transaction has changed something reads through its own session, past the
    cache: it alone sees its changes.

    Args:
        database: the source for such callers.
        providers: the reports of functions about people.
        ways: receives loaded rights, while policies ask for ways.
        clock: the present time in epoch seconds.
    """

    def __init__(
        self,
        registry: PermissionRegistry,
        clock: Callable[[], float],
        cache: TieredCache,
        pool: SidePool,
        database: DatabaseSource,
        providers: Providers,
        ways: Ways,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._cache = cache
        self._find = cache.lookup.slot
        self._pool = pool
        self._database = database
        self._providers = providers
        self._ways = ways

    def load(self, user_id: int, place: Place) -> Resolution:
        return self.answer(user_id, place).resolution

    def remembered(self, user_id: int, key: PlaceKey) -> Slot | None:
        """The entry in memory that may answer at once.

        None: it is missing, not fresh, older than the position that the caller requires, or the
        caller is in the middle of a change.
        """
        required = required_position()
        if required is not None and self._cache.tailer.applied < required:
            return None
        return None if in_change() else self._find(user_id, key)

    def answer_of(self, entry: Entry, tier: str = "l1") -> Answer:
        """The answer of an entry at this moment."""
        position = max(entry.position, self._cache.tailer.applied)
        return self._answer(entry, tier, position)

    def _answer(self, entry: Entry, tier: str, position: Position) -> Answer:
        age_ms = max(0.0, (time() - entry.loaded_at) * 1000)
        bits = self._registry.snapshot.bits
        return Answer(to_resolution(entry, bits), tier, str(position), age_ms)

    def answer(self, user_id: int, place: Place, at_least: str | None = None) -> Answer:
        """The resolution, and where it is from.

        Raises:
            ValidationFailed: ``at_least`` is no position, or one from the future.
            UnknownResource, StoreUnavailable: as ``ResolutionSource.load``.
        """
        needed = self._needed(at_least)
        if self._is_past(place):
            return Answer(self._database.load(user_id, place))
        if needed is DATABASE_ONLY:
            bits = self._registry.snapshot.bits
            return Answer(to_resolution(self._load(user_id, place), bits))
        applied = self._cache.tailer.applied
        entry, tier = self._cache.get_or_load(
            user_id, place_key(place), lambda: self._load(user_id, place), needed
        )
        return self._answer(entry, tier, max(entry.position, applied))

    def load_many(
        self, user_ids: Sequence[int], place: Place, permission: RegisteredPermission
    ) -> dict[int, Resolution]:
        if self._is_past(place):
            return self._database.load_many(user_ids, place, permission)
        bits = self._registry.snapshot.bits
        found = self.entries(user_ids, place)
        return {user_id: to_resolution(entry, bits) for user_id, entry in found.items()}

    def allowed(
        self, user_ids: Sequence[int], place: Place, permission: RegisteredPermission
    ) -> dict[int, bool]:
        """Whether each of ``user_ids`` has a permission that no policy judges.

        Raises:
            ValidationFailed: an id is none.
        """
        # All at once: one by one the check costs as much as the verdicts themselves.
        if not set(map(type, user_ids)) <= {int} or min(user_ids, default=1) < 1:
            for user_id in user_ids:
                checked_id(user_id, "user_ids")
        if self._is_past(place):
            found = self._database.load_many(user_ids, place, permission)
            masks = {id_: resolution.mask & permission.mask for id_, resolution in found.items()}
            return {user_id: masks.get(user_id, 0) != 0 for user_id in user_ids}
        wanted = permission.wanted | SUPER
        required = required_position()
        stored: dict[int, int] = {}
        missing = list(user_ids)
        if required is None or self._cache.tailer.applied >= required:
            stored, missing = self._cache.lookup.masks(user_ids, place_key(place))
        if not missing:
            return {user_id: mask & wanted != 0 for user_id, mask in stored.items()}
        for user_id in missing:
            checked_id(user_id, "user_ids")
        for user_id, entry in self.entries(missing, place).items():
            stored[user_id] = entry.mask
        return {user_id: stored.get(user_id, 0) & wanted != 0 for user_id in user_ids}

    def entries(self, user_ids: Sequence[int], place: Place) -> Mapping[int, Entry | Loaded]:
        """The stored resolutions of those of ``user_ids`` that exist."""
        needed = self._needed(None)
        if needed is DATABASE_ONLY:
            return self._load_many(user_ids, place)
        responses = self._cache.get_or_load_many(
            user_ids, place_key(place), lambda missing: self._load_many(missing, place), needed
        )
        return {user_id: entry for user_id, (entry, _) in responses.items()}

    def below(
        self, user_id: int, kind: str, above: Place, node_ids: Sequence[NodeId]
    ) -> dict[NodeId, int]:
        """The stored masks of a user at nodes of a kind below one; missing nodes are left out.

        Args:
            node_ids: all existing ones; empty: the database finds them, and whether the node above
                exists.

        Raises:
            UnknownResource, StoreUnavailable: as ``ResolutionSource.load``.
        """
        needed = self._needed(None)

        def load_all() -> dict[PlaceKey, Loaded]:
            return self._load_below(user_id, kind, above)

        if needed is DATABASE_ONLY or not node_ids:
            loaded: Mapping[PlaceKey, Entry | Loaded] = load_all()
        else:
            places = [place_key(Place(kind, node_id)) for node_id in node_ids]
            loaded = self._cache.get_or_load_places(user_id, places, load_all, needed)
        return {id_of(place): one.mask for place, one in loaded.items()}

    def preload(
        self, user_ids: Sequence[int], place: PlaceKey, from_database: bool
    ) -> FoundEntries:
        """Bring entries into memory before they are asked for.

        Args:
            from_database: read entries that neither memory nor Redis has; else they are left out.

        Raises:
            UnknownResource: the place does not exist; only known when the database was asked.
            StoreUnavailable: the database did not answer, or nothing would be kept.
        """
        if not from_database:
            return self._cache.preload(user_ids, place, None)
        return self._cache.preload(
            user_ids, place, lambda missing: self._load_many(missing, place_of(place))
        )

    def _is_past(self, place: Place) -> bool:
        """Whether to read through the caller's session, past the cache."""
        if in_change():
            return True
        declared = known_types().find(place.kind)
        if declared is not None and not declared.askable:
            return True
        return self._providers.shuts_out()

    def _needed(self, at_least: str | None) -> Position | None:
        """The later one of the positions that the caller and its request require."""
        required = required_position()
        if at_least is None:
            return required
        asked = to_position(at_least, self._pool)
        return asked if required is None or asked > required else required

    def _load(self, user_id: int, place: Place) -> Loaded:
        until, began = self._renew([user_id]), self._ways.began()
        with tracing.span(DATABASE_SPAN), self._pool.read() as connection:
            read = load_one(connection, user_id, place, with_names=began is not None)
        self._ways.keep(began, [read], until)
        return self._loaded(read, until)[user_id]

    def _load_many(self, user_ids: Sequence[int], place: Place) -> dict[int, Loaded]:
        until, began = self._renew(user_ids), self._ways.began()
        with tracing.span(DATABASE_SPAN, many(user_ids)), self._pool.read() as connection:
            read = load(connection, user_ids, place, with_names=began is not None)
        self._ways.keep(began, [read], until)
        return self._loaded(read, until)

    def _load_below(self, user_id: int, kind: str, above: Place) -> dict[PlaceKey, Loaded]:
        until, began = self._renew([user_id]), self._ways.began()
        with tracing.span(DATABASE_SPAN), self._pool.read() as connection:
            found = list(load_places(connection, user_id, kind, above, began is not None))
        self._ways.keep(began, found, until)
        return {place_key(one.site.place): self._loaded(one, until)[user_id] for one in found}

    def _renew(self, user_ids: Sequence[int]) -> Mapping[int, float]:
        """The time until which reports about people count; people without an end are left out."""
        return self._providers.renew(user_ids)

    def _loaded(self, read: Read, until: Mapping[int, float]) -> dict[int, Loaded]:
        facts, people = read.facts(self._registry)
        bits, now = self._registry.snapshot.bits, self._clock()
        flat, closures, above = flatten(facts, bits), RoleClosures(facts), read.site.above
        return {
            user.user_id: ending_by(
                to_loaded(resolve(flat, user, now, bits), user, closures.of(user), above),
                until.get(user.user_id),
            )
            for user in people
        }
