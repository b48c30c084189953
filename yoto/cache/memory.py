"""The first tier for look-ups: its stores, and the rules for answers from them."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic, time

from yoto.cache.coherence import Coherence
from yoto.cache.counts import CacheCounts
from yoto.cache.entry import Entry, PlaceKey
from yoto.cache.local import Slot, UserStore
from yoto.cache.settings import CacheSettings
from yoto.cache.tailer import Tailer


class Memory:
    """Everything that one process remembers, by kind.

    Attributes:
        users, conditional: the stores.
        coherence: guards their changes.
    """

    def __init__(self, settings: CacheSettings) -> None:
        self._settings = settings
        self.users = UserStore(settings.users, settings.places_per_user)
        self.conditional = UserStore(settings.conditional, settings.places_per_user)
        self.coherence = Coherence(self.users, self.conditional)

    def stores(self) -> dict[str, UserStore]:
        """The stores by the names of their kinds."""
        return {"users": self.users, "conditional": self.conditional}

    def retune(self, settings: CacheSettings) -> None:
        """Take other sizes at once, and other lives for later entries."""
        self._settings = settings
        for name, store in self.stores().items():
            size = getattr(settings, name).size
            if store.size != size:
                self.coherence.resize(store, size)

    def slot(self, user_id: int, place: PlaceKey) -> Slot | None:
        """A slot that is not past its end. Whether memory is fresh is for the caller to know."""
        slot = self.users.slot(user_id, place)
        if slot is not None:
            return slot if monotonic() < slot.usable_until else None
        slot = self.conditional.slot(user_id, place)
        if slot is None or monotonic() >= slot.usable_until:
            return None
        # The monotonic clock cannot know that the wall clock was set forward.
        valid_until = slot.entry.valid_until
        return slot if valid_until is None or time() < valid_until else None

    def remember(self, entry: Entry) -> bool:
        """Remember ``entry`` until its end; False if it is not to be believed."""
        return self.coherence.remember(self._slot_of(entry))

    def _slot_of(self, entry: Entry) -> Slot:
        settings = self._settings
        conditional = entry.valid_until is not None
        ttl = (settings.conditional if conditional else settings.users).ttl
        now, wall = monotonic(), time()
        # An entry that a host with a fast clock loaded must not live longer for that.
        life = min(entry.expires_at(ttl) - wall, ttl)
        fresh = life if conditional else life - ttl * (1 - settings.soft_share)
        return Slot(entry.mask, now + fresh, now + life, entry)


class Lookup:
    """The hot path: the entry in memory that needs no further check, or None.

    It costs two look-ups, one reading of the clock and two comparisons.

    Attributes:
        find: the slots of a user by place, or None.
        counts: where hits are counted.
    """

    __slots__ = ("_conditional", "_tailer", "_users", "counts", "find")

    def __init__(self, memory: Memory, tailer: Tailer, counts: CacheCounts) -> None:
        self.find = memory.users.find
        self._users = memory.users
        self._conditional = memory.conditional
        self._tailer = tailer
        self.counts = counts

    def slot(self, user_id: int, place: PlaceKey) -> Slot | None:
        """One user in one place, counted as a hit; None: not there, or not fresh."""
        places = self.find(user_id)
        slot = None if places is None else places.get(place)
        if slot is None:
            slot = self._conditional_slot(user_id, place)
            if slot is None:
                return None
        else:
            now = monotonic()
            if now >= slot.fresh_until or now >= self._tailer.fresh_until:
                return None
        self.counts.l1_hits += 1
        return slot

    def peek(self, user_id: int, place: PlaceKey) -> Slot | None:
        """The entry in memory, unless it has expired.

        This is no use of it: nothing is counted, and the order of eviction stays the same.
        """
        slot = self._users.peek(user_id, place) or self._conditional.peek(user_id, place)
        return slot if slot is not None and monotonic() < slot.usable_until else None

    def masks(self, user_ids: Iterable[int], place: PlaceKey) -> tuple[dict[int, int], list[int]]:
        """The masks that memory has, by user, and the users that it does not have."""
        find = self.find
        now = monotonic()
        if now >= self._tailer.fresh_until:
            return {}, list(user_ids)
        found: dict[int, int] = {}
        missing: list[int] = []
        for user_id in user_ids:
            places = find(user_id)
            slot = None if places is None else places.get(place)
            if slot is not None and now < slot.fresh_until:
                found[user_id] = slot.mask
            else:
                ending = self._conditional_slot(user_id, place)
                if ending is None:
                    missing.append(user_id)
                else:
                    found[user_id] = ending.mask
        self.counts.l1_hits += len(found)
        return found, missing

    def _conditional_slot(self, user_id: int, place: PlaceKey) -> Slot | None:
        """The same of entries that end on a date; not counted."""
        slot = self._conditional.slot(user_id, place)
        if slot is None:
            return None
        now = monotonic()
        valid_until = slot.entry.valid_until
        assert valid_until is not None
        # The wall clock too: it may have been set forward.
        if now < slot.fresh_until and now < self._tailer.fresh_until and time() < valid_until:
            return slot
        return None
