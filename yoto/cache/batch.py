"""Look-ups for many users in one place at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from time import time
from typing import Protocol, TypeAlias

from yoto import tracing
from yoto.cache.counts import CacheCounts
from yoto.cache.entry import Entry, Loaded, PlaceKey
from yoto.cache.loading import SPAN, Tier
from yoto.cache.memory import Memory
from yoto.cache.remote import RemoteTier
from yoto.cache.tailer import Tailer
from yoto.redis import REDIS_UNAVAILABLE

ManyLoader: TypeAlias = Callable[[Sequence[int]], Mapping[int, Loaded]]
PlacesLoader: TypeAlias = Callable[[], Mapping[PlaceKey, Loaded]]
FoundEntries: TypeAlias = dict[int, tuple[Entry, Tier]]


class Background(Protocol):
    """The executor that stores entries."""

    def submit(self, key: Hashable | None, task: Callable[[], bool]) -> bool:
        """Run ``task`` sooner or later; False if that is refused."""


class AtOnce:
    """The caller's own thread, for calls that run in the background."""

    def submit(self, key: Hashable | None, task: Callable[[], bool]) -> bool:
        """Run ``task`` now."""
        return task()


class BatchRead:
    """Asks memory, then Redis with one round trip a server, then a loader once.

    Loaded values go to Redis by ``background``, so that no caller waits for a second round trip.
    """

    def __init__(
        self,
        memory: Memory,
        remote: RemoteTier,
        tailer: Tailer,
        counts: CacheCounts,
        background: Background,
    ) -> None:
        self._background = background
        self._memory = memory
        self._remote = remote
        self._tailer = tailer
        self._counts = counts

    def answer(
        self,
        user_ids: Sequence[int],
        place: PlaceKey,
        loader: ManyLoader | None,
        believing: bool,
        storing: bool,
    ) -> FoundEntries:
        """Look up ``user_ids``, except those that ``loader`` leaves out.

        Args:
            loader: None: those missing from memory and Redis are left out.
            believing: whether memory and Redis may be used.
            storing: whether loaded values go to Redis.
        """
        missing = list(dict.fromkeys(user_ids))
        found: FoundEntries = {}
        if believing:
            missing = self._from_memory(missing, place, found)
        if missing:
            with tracing.span(SPAN, {"yoto.users": len(missing)}):
                self._from_below(missing, place, loader, believing, storing, found)
        return found

    def places(
        self,
        user_id: int,
        places: Sequence[PlaceKey],
        loader: PlacesLoader,
        believing: bool,
        remembering: bool,
    ) -> dict[PlaceKey, Entry]:
        """The entries of one user in ``places``: all from memory, or all that ``loader`` has.

        Args:
            believing: whether memory may be used.
            remembering: whether memory keeps the loaded entries.
        """
        if believing:
            slots = {place: self._memory.slot(user_id, place) for place in places}
            found = {place: slot.entry for place, slot in slots.items() if slot is not None}
            self._counts.l1_hits += len(found)
            self._counts.l1_misses += len(slots) - len(found)
            if len(found) == len(slots):
                return found
        # Taken before the loader reads, as for a single load.
        position, loaded_at = self._tailer.applied, time()
        try:
            loaded = loader()
        except BaseException:
            self._counts.load_errors += 1
            raise
        self._counts.loads += 1
        entries = {
            place: Entry.of(user_id, place, position, loaded_at, one)
            for place, one in loaded.items()
        }
        if remembering:
            kept = sum(self._memory.remember(entry) for entry in entries.values())
            self._counts.stale_refused += len(entries) - kept
        return entries

    def _from_below(
        self,
        missing: list[int],
        place: PlaceKey,
        loader: ManyLoader | None,
        believing: bool,
        storing: bool,
        found: FoundEntries,
    ) -> None:
        if believing:
            missing = self._from_redis(missing, place, found)
        if missing and loader is not None:
            self._from_loader(missing, place, loader, storing, found)

    def _from_memory(self, user_ids: list[int], place: PlaceKey, found: FoundEntries) -> list[int]:
        missing = []
        for user_id in user_ids:
            slot = self._memory.slot(user_id, place)
            if slot is None:
                missing.append(user_id)
            else:
                found[user_id] = slot.entry, "l1"
        self._counts.l1_hits += len(found)
        self._counts.l1_misses += len(missing)
        return missing

    def _from_redis(self, user_ids: list[int], place: PlaceKey, found: FoundEntries) -> list[int]:
        try:
            stored = self._remote.get_many(user_ids, place)
        except REDIS_UNAVAILABLE:
            self._counts.l2_errors += 1
            stored = {}
        missing = []
        for user_id in user_ids:
            entry = stored.get(user_id)
            if entry is not None and self._memory.remember(entry):
                found[user_id] = entry, "l2"
            else:
                self._counts.stale_refused += entry is not None
                missing.append(user_id)
        self._counts.l2_hits += len(user_ids) - len(missing)
        self._counts.l2_misses += len(missing)
        return missing

    def _from_loader(
        self,
        user_ids: list[int],
        place: PlaceKey,
        loader: ManyLoader,
        storing: bool,
        found: FoundEntries,
    ) -> None:
        # Taken before the loader reads, as for a single load.
        position, loaded_at = self._tailer.applied, time()
        try:
            loaded = loader(user_ids)
        except BaseException:
            self._counts.load_errors += 1
            raise
        self._counts.loads += 1
        kept = []
        for user_id, one in loaded.items():
            entry = Entry.of(user_id, place, position, loaded_at, one)
            found[user_id] = entry, "db"
            if self._memory.remember(entry):
                kept.append(entry)
        self._counts.stale_refused += len(loaded) - len(kept)
        if storing and kept:
            if not self._background.submit(None, lambda: self._store(kept)):
                self._counts.stores_refused += len(kept)

    def _store(self, entries: list[Entry]) -> bool:
        try:
            self._remote.put_many(entries)
        except REDIS_UNAVAILABLE:
            self._counts.l2_errors += 1
        return True
