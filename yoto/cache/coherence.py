"""Keeps the process's memory in step with the log.

One mutex makes two things atomic towards each other: applying an event (floors rise, slots go) and
storing an entry (floors are compared, a slot is put). So a slot that is there is right as of what
was applied, and a hit compares no floors.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from yoto.cache.entry import Entry
from yoto.cache.floors import Floors
from yoto.cache.local import Slot, UserStore
from yoto.cache.log import LogEntry
from yoto.cache.position import Position
from yoto.cache.tags import DirtySet

# Keys evicted at a time, while changes wait: about a tenth of a millisecond.
RESIZE_STEP = 500


class Coherence:
    """The floors and the stores of one cache. Safe for threads and greenlets."""

    def __init__(self, users: UserStore, conditional: UserStore) -> None:
        self._users = users
        self._conditional = conditional
        self._floors = Floors()
        self._mutex = threading.Lock()

    def apply(self, entries: Sequence[LogEntry]) -> None:
        """Apply entries of the log, in its order."""
        total = DirtySet()
        with self._mutex:
            for entry in entries:
                dirty = DirtySet.of(entry.tags)
                self._floors.raise_to(dirty, entry.position)
                total.merge(dirty)
            self._drop(total)

    def invalidate(self, dirty: DirtySet, position: Position) -> None:
        """Disbelieve entries about ``dirty`` from before ``position``, ahead of the log."""
        with self._mutex:
            self._floors.raise_to(dirty, position)
            self._drop(dirty)

    def flush(self, position: Position) -> None:
        """Forget everything, and believe nothing from before ``position``."""
        with self._mutex:
            self._floors.raise_base(position)
            self._drop(DirtySet(everything=True))

    def forget(self) -> None:
        """Forget the memory of this process; entries of others in Redis stay valid."""
        with self._mutex:
            self._drop(DirtySet(everything=True))

    def believes(self, entry: Entry) -> bool:
        """Whether no applied change contradicts ``entry``."""
        with self._mutex:
            return self._floors.admits(entry)

    def remember(self, slot: Slot) -> bool:
        """Put ``slot`` where look-ups find it; False if it is not to be believed."""
        entry = slot.entry
        conditional = entry.valid_until is not None
        here, there = self._users, self._conditional
        if conditional:
            here, there = there, here
        with self._mutex:
            if not self._floors.admits(entry):
                return False
            there.discard(entry.user_id, entry.place)
            here.put(slot)
        return True

    def resize(self, store: UserStore, size: int) -> None:
        """Change the bound of ``store``; look-ups and changes go on in between."""
        done = False
        while not done:
            with self._mutex:
                done = store.resize(size, RESIZE_STEP)

    def count(self, dirty: DirtySet) -> tuple[int, int] | None:
        """The numbers of users and of their entries that ``invalidate`` would drop now.

        Changes go on meanwhile; None: too many to count.
        """
        users: set[int] = set()
        entries = 0
        for store in (self._users, self._conditional):
            found = store.count(dirty)
            if found is None:
                return None
            users |= found[0]
            entries += found[1]
        return len(users), entries

    @property
    def floors(self) -> int:
        """The number of floors that are kept apart."""
        return len(self._floors)

    def _drop(self, dirty: DirtySet) -> None:
        if dirty:
            for store in (self._users, self._conditional):
                store.drop(dirty)
            if dirty.remembered:
                self._drop(dirty.remembered)
