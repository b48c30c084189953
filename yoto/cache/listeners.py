"""Callables that are notified of the log's entries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from yoto.cache.log import LogEntry
from yoto.cache.position import Position
from yoto.cache.tags import GLOBAL, is_memory

log = logging.getLogger(__name__)

Listener: TypeAlias = Callable[[Sequence[str], Position], None]
Watcher: TypeAlias = Callable[[LogEntry], None]


class Listeners:
    """The listeners of one tailer, called in its thread, one after the other.

    Attributes:
        failures: exceptions that listeners raised; each was logged and changed nothing.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._watchers: tuple[Watcher, ...] = ()
        self._lock = threading.Lock()
        # At the start, and after a gap, anything may have changed.
        self._anything = True
        self.failures = 0

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(tags, position)`` from now on; returns a callable that ends that."""

        def call(tags: Sequence[str], position: Position) -> None:
            listener(tags, position)

        with self._lock:
            self._listeners = (*self._listeners, call)

        def end() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not call)

        return end

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher(entry)`` for each entry from now on."""
        with self._lock:
            self._watchers = (*self._watchers, watcher)

    def expect_anything(self) -> None:
        """Entries were missed: do not publish single ones until the end of the log is reached."""
        self._anything = True

    def notify(self, entries: Iterable[LogEntry], at_end: bool, applied: Position) -> None:
        """Publish ``entries``, after which the log is applied up to ``applied``."""
        for entry in entries:
            # An entry that is only to be forgotten has not changed.
            changed = tuple(one for one in entry.tags if not is_memory(one))
            if changed:
                self._watch(entry)
                if not self._anything:
                    self._call(changed, entry.position)
        if self._anything and at_end:
            self._anything = False
            self._call((GLOBAL,), applied)

    def _watch(self, entry: LogEntry) -> None:
        for watcher in self._watchers:
            try:
                watcher(entry)
            except Exception:
                self.failures += 1
                log.exception("a watcher of the invalidation log failed at %s", entry.position)

    def _call(self, tags: Sequence[str], position: Position) -> None:
        for listener in self._listeners:
            try:
                listener(tags, position)
            except Exception:
                self.failures += 1
                log.exception("a listener to the invalidation log failed at %s", position)
