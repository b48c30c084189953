"""Values that many users share, kept in the process and dropped by the log."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

from yoto.cache.coherence import Coherence
from yoto.cache.entry import Concerns
from yoto.cache.local import SharedSlot, SharedStore
from yoto.cache.tailer import Tailer


class SharedCache:
    """One kind of such values: what roles give, or what places give with inheritance.

    Attributes:
        hits, misses: look-ups.
    """

    def __init__(self, store: SharedStore, coherence: Coherence, tailer: Tailer) -> None:
        self._store = store
        self._coherence = coherence
        self._tailer = tailer
        self.hits = 0
        self.misses = 0

    def get_or_load(self, key: Hashable, loader: Callable[[], tuple[Any, Concerns]]) -> Any:
        """The value of ``key``; ``loader`` gives it with the subjects that it was made from.

        Raises:
            Exception: what the loader raises; nothing is cached then.
        """
        slot = self._store.find(key)
        if slot is not None:
            now = monotonic()
            if now < slot.usable_until and now < self._tailer.fresh_until:
                self.hits += 1
                return slot.value
        self.misses += 1
        position = self._tailer.applied
        usable_until = monotonic() + self._store.ttl
        value, concerns = loader()
        new = SharedSlot(value, usable_until, concerns)
        self._coherence.remember_shared(self._store, key, new, position)
        return value
