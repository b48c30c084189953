"""Accounts, remembered until the invalidation log says that they may have changed."""

from __future__ import annotations

from collections.abc import Callable

from yoto import cache
from yoto.permission.judged import Remembered
from yoto.rooms.policies.attributes.people import Person

# Entries.
CAPACITY = 10_000


class RememberedPeople(Remembered[int, Person]):
    """Accounts, by id."""

    def __init__(self, load: Callable[[int], Person | None], capacity: int = CAPACITY) -> None:
        """``load`` reads the committed rows; it gives None where there is no such account."""
        super().__init__(capacity)
        self._load = load

    def get(self, user_id: int, may_remember: bool) -> Person | None:
        """The account; raises the errors of ``load``."""
        return self._get(user_id, lambda: self._load(user_id), may_remember)

    def _forget(self, about: cache.tags.DirtySet) -> None:
        for user_id in about.users:
            self._known.pop(user_id, None)
