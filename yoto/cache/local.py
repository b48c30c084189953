"""The first tier: the memory of this process. Bounded; nothing here is thread-safe but look-ups.

``Coherence`` guards every change. Look-ups need no guard: they read one slot, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cachebox import LRUCache

from yoto.cache.entry import ACCOUNT_PLACE, Entry, PlaceKey
from yoto.cache.settings import StoreSettings
from yoto.cache.tags import DirtySet

# cachebox cannot change a bound, and the hot path holds on to ``get``: stores bound themselves.
UNBOUNDED = 0
# Another thread's look-up may disturb a scan, which is then begun again.
_SCAN_TRIES = 5


@dataclass(slots=True)
class Slot:
    """An entry with its times on the monotonic clock. It is never changed.

    Neither frozen nor a tuple: frozen ones take three times as long to make, and an attribute of
    slots is read in a third of the time that an item of a named tuple takes.

    Attributes:
        mask: the entry's.
        fresh_until: until then the entry is used as it is.
        usable_until: until then it is used while it is being refreshed.
    """

    mask: int
    fresh_until: float
    usable_until: float
    entry: Entry


class UserStore:
    """Entries by user and place. Dropping a user is dropping one key."""

    def __init__(self, settings: StoreSettings, places_per_user: int) -> None:
        self.size = settings.size
        self._places_per_user = places_per_user
        self._users: LRUCache[int, dict[PlaceKey, Slot]] = LRUCache(UNBOUNDED)
        self.find: Callable[[int], dict[PlaceKey, Slot] | None] = self._users.get
        self.evictions = 0

    def slot(self, user_id: int, place: PlaceKey) -> Slot | None:
        """The slot of one user in one place, expired or not."""
        places = self.find(user_id)
        return None if places is None else places.get(place)

    def peek(self, user_id: int, place: PlaceKey) -> Slot | None:
        """The same, and it does not count as using it."""
        places = self._users.peek(user_id)
        return None if places is None else places.get(place)

    def put(self, slot: Slot) -> None:
        """Remember one entry, at the cost of the one that was used least recently."""
        entry = slot.entry
        places = self.find(entry.user_id)
        if places is None:
            self.evictions += shrink(self._users, self.size - 1)
            self._users.insert(entry.user_id, {entry.place: slot})
            return
        if entry.place not in places and len(places) >= self._places_per_user:
            # Every request asks for the account: it goes last.
            del places[next((one for one in places if one != ACCOUNT_PLACE), ACCOUNT_PLACE)]
            self.evictions += 1
        places[entry.place] = slot

    def discard(self, user_id: int, place: PlaceKey) -> None:
        """Forget one user in one place."""
        places = self.find(user_id)
        if places is not None:
            places.pop(place, None)

    def drop(self, dirty: DirtySet) -> None:
        """Forget the entries that ``dirty`` concerns."""
        if dirty.everything:
            self.clear()
            return
        for user_id in dirty.users:
            self._users.pop(user_id, None)
        if dirty.roles or dirty.nodes:
            self._scan(dirty)

    def clear(self) -> None:
        """Forget everything."""
        self._users.clear()

    def resize(self, size: int, most: int) -> bool:
        """Keep ``size`` users from now on; of those that are too many ``most`` go at once.

        Returns whether none is left to evict; removed users count as evicted.
        """
        self.size = size
        self.evictions += shrink(self._users, size, most)
        return len(self._users) <= size

    def count(self, dirty: DirtySet) -> tuple[set[int], int] | None:
        """The users whose entries ``drop`` would remove, and how many entries that is.

        None: too much changed meanwhile to be gone through.
        """
        users: set[int] = set()
        entries = 0
        found = _snapshot(self._users)
        if found is None:
            return None
        for user_id, places in found:
            concerned = len(places)
            if not dirty.everything and user_id not in dirty.users:
                slots = list(places.values())
                concerned = sum(_entry_concerned(slot.entry, dirty) for slot in slots)
            if concerned:
                users.add(user_id)
                entries += concerned
        return users, entries

    def _scan(self, dirty: DirtySet) -> None:
        for user_id, places in _items(self._users):
            for place, slot in list(places.items()):
                if _entry_concerned(slot.entry, dirty):
                    del places[place]
            if not places:
                self._users.pop(user_id, None)

    def __len__(self) -> int:
        """The number of users."""
        return len(self._users)


def shrink(cache: LRUCache[Any, Any], size: int, most: int | None = None) -> int:
    """Evict the least recently used keys, at most ``most``, down to ``size``; returns their
    number."""
    surplus = max(0, len(cache) - size)
    surplus = surplus if most is None else min(surplus, most)
    for _ in range(surplus):
        cache.popitem()
    return surplus


def _entry_concerned(entry: Entry, dirty: DirtySet) -> bool:
    return (
        entry.place in dirty.nodes
        or not dirty.nodes.isdisjoint(entry.above)
        or not dirty.roles.isdisjoint(entry.roles)
    )


def _items(cache: LRUCache[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Everything in ``cache``; nothing, and ``cache`` is empty, if it could not be gone through."""
    found = _snapshot(cache)
    if found is None:
        cache.clear()
    return iter(found or ())


def _snapshot(cache: LRUCache[Any, Any]) -> list[tuple[Any, Any]] | None:
    for _ in range(_SCAN_TRIES):
        try:
            return list(cache.items())
        except RuntimeError:
            continue
    return None
