"""The cache for prefetching: looks without being counted, and loads many entries at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from flask import Flask

from yoto.cache import Entry, Loaded, PlaceKey, Slot
from yoto.permission import PermissionSystem, Place


class PermissionCacheView:
    """The part of an application's permission cache that a prefetcher needs.

    Raises:
        RuntimeError: at the first use, for an application whose permissions have no cache.
    """

    def __init__(self, app: Flask, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is looked at yet."""
        self._app = app
        self._clock = clock
        caching = PermissionSystem.caching_of(app)
        if caching is None:
            raise RuntimeError("there is no permission cache to prefetch into")
        self._cache = caching.cache
        self._source = caching.source

    @property
    def capacity(self) -> int:
        """Entries that memory has room for."""
        settings = self._cache.settings
        return settings.users.size * settings.places_per_user

    @property
    def misses(self) -> int:
        """Look-ups so far that memory could not answer, prefetches among them."""
        return self._cache.lookup.counts.l1_misses

    def fresh(self) -> bool:
        """Whether memory may be used now, so that filling it makes sense."""
        return self._clock() < self._cache.tailer.fresh_until

    def peek(self, user_id: int, place: PlaceKey) -> Slot | None:
        """The entry in memory, without counting or using it."""
        return self._cache.lookup.peek(user_id, place)

    def fetch(self, user_ids: Sequence[int], place: Place) -> Mapping[int, Entry | Loaded]:
        """Bring users' permissions in a place into memory; raises the errors of loading."""
        with self._app.app_context():
            return self._source.entries(user_ids, place)
