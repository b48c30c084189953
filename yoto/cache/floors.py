"""Floors: for each tag, the position below which nothing about it is believed."""

from __future__ import annotations

from collections.abc import Iterable

from yoto.cache.entry import Entry
from yoto.cache.position import Position
from yoto.cache.tags import DirtySet

# Subjects of a kind whose floors are kept apart; about 2 MB.
MAX_SUBJECTS = 20_000


class KindFloors:
    """The floors of all tags of one kind.

    Beyond ``limit`` tags the oldest floor is folded into one for all tags of the kind: some
    entries are then refused that were still right, and memory is bounded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._floors: dict[int, Position] = {}
        self.common = Position(0)

    def raise_to(self, ids: Iterable[int], position: Position) -> None:
        """Nothing about ``ids`` from before ``position`` may be believed any more."""
        floors = self._floors
        for subject_id in ids:
            # Taken out first, so that the dict stays in the order of positions.
            floor = floors.pop(subject_id, position)
            floors[subject_id] = max(floor, position)
        while len(floors) > self._limit:
            oldest = next(iter(floors))
            self.common = max(self.common, floors.pop(oldest))

    def of(self, subject_id: int) -> Position:
        """The floor of one tag."""
        floor, common = self._floors.get(subject_id), self.common
        return common if floor is None or floor < common else floor

    def admit(self, position: Position, ids: Iterable[int]) -> bool:
        """Whether ``position`` is at or above the floors of all ``ids``."""
        for subject_id in ids:
            if position < self.of(subject_id):
                return False
        return True

    def __len__(self) -> int:
        return len(self._floors)


class Floors:
    """The floors of every kind of tag, and one of everything (``base``). Not thread-safe.

    ``base`` begins at 1: what was loaded before the log was ever read is not believed.
    """

    def __init__(self, limit: int = MAX_SUBJECTS) -> None:
        self.base = Position(1)
        self.users = KindFloors(limit)
        self.roles = KindFloors(limit)
        self.nodes = KindFloors(limit)

    def raise_to(self, dirty: DirtySet, position: Position) -> None:
        """Apply one event of the log, or one that is known before it was read there."""
        if dirty.everything:
            self.raise_base(position)
        self.users.raise_to(dirty.users, position)
        self.roles.raise_to(dirty.roles, position)
        self.nodes.raise_to(dirty.nodes, position)

    def raise_base(self, position: Position) -> None:
        """Nothing from before ``position`` may be believed any more."""
        if position > self.base:
            self.base = position

    def admits(self, entry: Entry) -> bool:
        """Whether ``entry`` is at or above every floor that concerns it."""
        position = entry.position
        if position < self.base or position < self.users.of(entry.user_id):
            return False
        nodes = self.nodes
        if position < nodes.of(entry.place) or not nodes.admit(position, entry.above):
            return False
        return self.roles.admit(position, entry.roles)

    def __len__(self) -> int:
        """The number of floors that are kept apart."""
        return len(self.users) + len(self.roles) + len(self.nodes)
