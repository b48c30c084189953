"""Attributes of places, remembered until the invalidation log says that they may have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from app.core import cache
from app.core.policy.attributes.places import PlaceAttributes

# Places; about 10 MB.
CAPACITY = 10_000

Key = tuple[str, int]


class RememberedPlaces:
    """A bounded memory in front of a loader. Safe for threads.

    It is told of changes through ``heard``, a listener to the log. Who asks says whether memory may
    answer at all: only while the log is heard, and up to what the caller has written itself.
    """

    def __init__(
        self,
        load: Callable[[str, int], PlaceAttributes | None],
        capacity: int = CAPACITY,
    ) -> None:
        """``load`` reads what is committed now; it gives None where there is no such place."""
        self._load = load
        self._capacity = capacity
        self._known: dict[Key, PlaceAttributes] = {}
        self._lock = threading.Lock()
        self._changes = 0

    def get(self, scope: str, scope_id: int, may_remember: bool) -> PlaceAttributes | None:
        """The attributes of a place, or what ``load`` raises."""
        key = (scope, scope_id)
        if not may_remember:
            return self._load(scope, scope_id)
        known = self._known.get(key)
        if known is not None:
            return known
        changes = self._changes
        loaded = self._load(scope, scope_id)
        with self._lock:
            # What was read before a change must not be remembered after it.
            if loaded is not None and changes == self._changes:
                if len(self._known) >= self._capacity:
                    self._known.clear()
                self._known[key] = loaded
        return loaded

    def heard(self, touched: Sequence[str], position: cache.Position) -> None:
        """Forget what the log's entry is about."""
        about = cache.subjects.Touched.of(touched)
        with self._lock:
            self._changes += 1
            if about.everything:
                self._known.clear()
                return
            for key, place in list(self._known.items()) if about.servers else ():
                if place.server_id in about.servers:
                    del self._known[key]
            for channel_id in about.channels:
                self._known.pop(("channel", channel_id), None)
