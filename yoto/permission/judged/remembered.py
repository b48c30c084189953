"""Attributes of places, remembered until the invalidation log says that they may have changed."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeAlias, TypeVar

from yoto import cache
from yoto.cache import key_text
from yoto.permission.judged.places import PlaceAttributes

# Entries; places take about 10 MB.
CAPACITY = 10_000

PlaceKey: TypeAlias = tuple[str, int]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(ABC, Generic[K, V]):
    """A bounded memory in front of a loader. Safe for threads.

    It learns of changes through ``heard``, a listener to the log. The caller decides whether memory
    may answer: only while the log is heard, and includes the caller's own writes.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: dict[K, V] = {}
        self._lock = threading.Lock()
        self._changes = 0

    def _get(self, key: K, load: Callable[[], V | None], may_remember: bool) -> V | None:
        if not may_remember:
            return load()
        known = self._known.get(key)
        if known is not None:
            return known
        changes = self._changes
        loaded = load()
        with self._lock:
            # Rows read before a change must not be remembered after it.
            if loaded is not None and changes == self._changes:
                if len(self._known) >= self._capacity:
                    self._known.clear()
                self._known[key] = loaded
        return loaded

    def heard(self, dirty: Sequence[str], position: cache.Position) -> None:
        """Forget the subjects of the log's entry."""
        about = cache.tags.DirtySet.of(dirty)
        with self._lock:
            self._changes += 1
            if about.everything:
                self._known.clear()
            else:
                self._forget(about)

    @abstractmethod
    def _forget(self, about: cache.tags.DirtySet) -> None:
        """Forget entries that may have changed; the lock is held."""


class RememberedPlaces(Remembered[PlaceKey, PlaceAttributes]):
    """Servers and channels, by scope and id."""

    def __init__(
        self,
        load: Callable[[str, int], PlaceAttributes | None],
        capacity: int = CAPACITY,
    ) -> None:
        """``load`` reads the committed rows; it gives None where there is no such place."""
        super().__init__(capacity)
        self._load = load

    def get(self, scope: str, scope_id: int, may_remember: bool) -> PlaceAttributes | None:
        """The attributes of a place; raises the errors of ``load``."""
        return self._get((scope, scope_id), lambda: self._load(scope, scope_id), may_remember)

    def _forget(self, about: cache.tags.DirtySet) -> None:
        nodes = {key_text(node) for node in about.nodes}
        for key, place in list(self._known.items()) if nodes else ():
            if f"server:{place.server_id}" in nodes or f"{key[0]}:{key[1]}" in nodes:
                del self._known[key]
