"""Resolutions from memory, from Redis, or from the database on a connection of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time

from yoto import tracing
from yoto.cache import Answers, Entry, Loaded, PlaceKey, Position, Slot, TieredCache
from yoto.permission.answer import Answer
from yoto.permission.batch import load_all_facts
from yoto.permission.bits import SUPER
from yoto.permission.channel_facts import load_channels
from yoto.permission.directory import Directory
from yoto.permission.facts import PlaceFacts, UserFacts
from yoto.permission.lineages import Lineages
from yoto.permission.outbox.watching import in_change
from yoto.permission.pool import SidePool
from yoto.permission.positions import DATABASE_ONLY, required_position, to_position
from yoto.permission.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.resolver import Resolution, flatten, resolve
from yoto.permission.scopes import CATEGORY, GLOBAL, Place, checked_id, place_key, place_of
from yoto.permission.single import load_facts
from yoto.permission.source import DATABASE_SPAN, DatabaseSource, many
from yoto.permission.statements import CHANNEL
from yoto.permission.stored import ending_by, to_loaded, to_resolution


class CachedSource:
    """A ``ResolutionSource`` over the hybrid cache.

    A caller whose transaction has changed something itself is answered by its own session, past
    the cache, so that it sees what it did and nobody else does.

    Args:
        database: answers such callers.
        directory: what a function says of people; None: they are a mapped class.
        clock: the present time in epoch seconds.
    """

    def __init__(
        self,
        registry: PermissionRegistry,
        clock: Callable[[], float],
        cache: TieredCache,
        pool: SidePool,
        database: DatabaseSource,
        directory: Directory | None = None,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._cache = cache
        self._find = cache.lookup.slot
        self._pool = pool
        self._database = database
        self._directory = directory

    def load(self, user_id: int, place: Place) -> Resolution:
        return self.answer(user_id, place).resolution

    def remembered(self, user_id: int, key: PlaceKey) -> Slot | None:
        """What memory may answer the caller from, at once. None: it is not there, not fresh, older
        than what the caller brings, or the caller is in the middle of a change.
        """
        required = required_position()
        if required is not None and self._cache.tailer.applied < required:
            return None
        return None if in_change() else self._find(user_id, key)

    def answer_of(self, entry: Entry, tier: str = "l1") -> Answer:
        """What an entry says now."""
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
        # Together, because one by one this costs as much as the answers.
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
        """The stored form of what those of ``user_ids`` may do that exist."""
        needed = self._needed(None)
        if needed is DATABASE_ONLY:
            return self._load_many(user_ids, place)
        answers = self._cache.get_or_load_many(
            user_ids, place_key(place), lambda missing: self._load_many(missing, place), needed
        )
        return {user_id: entry for user_id, (entry, _) in answers.items()}

    def in_channels(
        self, user_id: int, server_id: int, channel_ids: Sequence[int]
    ) -> dict[int, int]:
        """The stored masks of a user in channels of one server; those that it lacks are left out.

        Args:
            channel_ids: all that the server has; none: whether there is such a server is looked up.

        Raises:
            UnknownResource, StoreUnavailable: as ``ResolutionSource.load``.
        """
        needed = self._needed(None)

        def load() -> dict[PlaceKey, Loaded]:
            return self._load_channels(user_id, server_id)

        if needed is DATABASE_ONLY or not channel_ids:
            loaded: Mapping[PlaceKey, Entry | Loaded] = load()
        else:
            places = [place_key(Place(CHANNEL, channel_id)) for channel_id in channel_ids]
            loaded = self._cache.get_or_load_places(user_id, places, load, needed)
        return {place >> 1: one.mask for place, one in loaded.items()}

    def preload(self, user_ids: Sequence[int], place: PlaceKey, from_database: bool) -> Answers:
        """Bring entries into memory before anybody asks for them.

        Args:
            from_database: read there what neither memory nor Redis has; else it is left out.

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
        """Whether the caller's session answers, past the cache."""
        if place.kind == CATEGORY or in_change():
            return True
        return self._directory is not None and self._directory.shuts_out()

    def _needed(self, at_least: str | None) -> Position | None:
        """The later one of what the caller and its request ask for."""
        required = required_position()
        if at_least is None:
            return required
        asked = to_position(at_least, self._pool)
        return asked if required is None or asked > required else required

    def _load(self, user_id: int, place: Place) -> Loaded:
        until = self._renew([user_id])
        with tracing.span(DATABASE_SPAN), self._pool.read() as connection:
            facts, user = load_facts(connection, user_id, place, self._registry.mask_of_id)
        return self._loaded(facts, [user], until)[user_id]

    def _load_many(self, user_ids: Sequence[int], place: Place) -> dict[int, Loaded]:
        until = self._renew(user_ids)
        with tracing.span(DATABASE_SPAN, many(user_ids)), self._pool.read() as connection:
            facts, people = load_all_facts(connection, user_ids, place, self._registry.mask_of_id)
        return self._loaded(facts, people, until)

    def _load_channels(self, user_id: int, server_id: int) -> dict[PlaceKey, Loaded]:
        registry, until = self._registry, self._renew([user_id])
        with tracing.span(DATABASE_SPAN), self._pool.read() as connection:
            facts, user, found = load_channels(
                connection, user_id, server_id, registry, self._clock()
            )
        roles = Lineages(facts).of(user)
        return {
            place_key(Place(CHANNEL, channel_id)): ending_by(
                to_loaded(one, user, roles, server_id), until.get(user_id)
            )
            for channel_id, one in found.items()
        }

    def _renew(self, user_ids: Sequence[int]) -> Mapping[int, float]:
        """Until when what is about to be read of people counts; where nothing is said, for good."""
        return {} if self._directory is None else self._directory.renew(user_ids)

    def _loaded(
        self, facts: PlaceFacts, people: Sequence[UserFacts], until: Mapping[int, float]
    ) -> dict[int, Loaded]:
        bits, now = self._registry.snapshot.bits, self._clock()
        flat, lineages = flatten(facts, bits), Lineages(facts)
        server_id = None if facts.kind == GLOBAL.kind else facts.server_id
        return {
            user.user_id: ending_by(
                to_loaded(resolve(flat, user, now, bits), user, lineages.of(user), server_id),
                until.get(user.user_id),
            )
            for user in people
        }
