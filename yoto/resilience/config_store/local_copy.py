"""This process's copy of the configuration, and the readers that guards hold."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from yoto.errors import ConfigurationError, ValidationFailed
from yoto.redis import ServerClock

from ..settings import Settings
from .declarations import code_default, has_numbers
from .document import Document, Key
from .kinds import class_of
from .snapshot import Snapshot, build_snapshot

log = logging.getLogger(__name__)
S = TypeVar("S", bound=Settings)
Listener = Callable[[Key, Settings], None]

# Entries. Names come from code, not from callers; more than this is a name made from user input.
MOST_NAMES = 10_000


class Reader(Generic[S]):
    """Gives the configuration in force when it is called: two look-ups, no lock, no round trip."""

    __slots__ = ("_copy", "_key")

    def __init__(self, copy: LocalCopy, key: Key) -> None:
        self._copy = copy
        self._key = key

    def __call__(self) -> S:
        return self._copy.snapshot.configs[self._key]  # type: ignore[return-value]


class LocalCopy:
    """Holds one immutable snapshot, which every change replaces.

    Attributes:
        snapshot: the configuration in force.
        bad_values: how often a stored value was refused and the last good one kept.
    """

    def __init__(self, clock: ServerClock, worker: str | None = None) -> None:
        """``worker``: the id of this process in rollouts."""
        self.snapshot = Snapshot()
        self.bad_values = 0
        self._clock = clock
        self._worker = worker
        self._lock = threading.Lock()
        self._defaults: dict[Key, Settings] = {}
        self._defined: set[Key] = set()
        self._listeners: list[Listener] = []
        self._retired: set[tuple[Key, str]] = set()
        self._refused: set[tuple[Key, str]] = set()

    def define(self, key: Key, config: Settings) -> None:
        """Give an entry its code default.

        Raises:
            ConfigurationError: the code gives it two different ones.
        """
        with self._lock:
            if key in self._defined and self._defaults[key] != config:
                raise ConfigurationError(f"{key[0].value}:{key[1]}", "has two different defaults")
            self._defined.add(key)
            self._remember(key, config)
            self._rebuild(self.snapshot.documents)

    def is_defined(self, key: Key) -> bool:
        """Whether ``define`` was called for an entry, or a decorator has numbers for it."""
        return key in self._defined or has_numbers(key)

    def reader(self, key: Key, cls: type[S]) -> Reader[S]:
        """A reader of an entry, which need not be stored.

        Raises:
            ConfigurationError: there are too many names.
        """
        if key not in self._defaults:
            with self._lock:
                if key not in self._defaults:
                    self._remember(key, code_default(key))
                    self._rebuild(self.snapshot.documents)
        return Reader(self, key)

    @property
    def defaults(self) -> Mapping[Key, Settings]:
        """The code default of each entry that was defined or asked for."""
        return self._defaults

    def on_change(self, listener: Listener) -> None:
        """Call ``listener(key, config)`` after each change of the configuration in force."""
        self._listeners.append(listener)

    def replace(self, documents: Mapping[Key, Document], unreadable: tuple[Key, ...] = ()) -> None:
        """Replace all entries by these; an unreadable one stays as it was."""
        with self._lock:
            known = self.snapshot.documents
            kept = {key: known[key] for key in unreadable if key in known}
            self.bad_values += len(unreadable)
            self._take({**documents, **kept})

    def merge(self, documents: Mapping[Key, Document]) -> None:
        """Take over the entries that are newer than the known ones."""
        with self._lock:
            known = dict(self.snapshot.documents)
            known.update(
                (key, document)
                for key, document in documents.items()
                if key not in known or document.version > known[key].version
            )
            self._take(known)

    def expire(self) -> float | None:
        """Drop the layers that have run out; returns ms until the next one ends, if any does."""
        end = self.snapshot.next_expiry
        if end is not None and end <= self._clock.now_ms():
            with self._lock:
                self._rebuild(self.snapshot.documents)
            end = self.snapshot.next_expiry
        return None if end is None else max(0.0, end - self._clock.now_ms())

    def _remember(self, key: Key, config: Settings) -> None:
        if key not in self._defaults and len(self._defaults) >= MOST_NAMES:
            raise ConfigurationError(key[0].value, f"has more than {MOST_NAMES} names")
        self._defaults[key] = config

    def _take(self, documents: Mapping[Key, Document]) -> None:
        if documents != self.snapshot.documents:
            self._report_retired(documents)
            self._rebuild(documents)

    def _rebuild(self, documents: Mapping[Key, Document]) -> None:
        before = self.snapshot
        after = build_snapshot(
            documents,
            self._defaults,
            before,
            self._clock.now_ms(),
            self._report_bad,
            self._worker,
        )
        self.snapshot = after
        for key, config in after.configs.items():
            if key in before.configs and before.configs[key] != config:
                self._notify(key, config)

    def _report_retired(self, documents: Mapping[Key, Document]) -> None:
        for key, document in documents.items():
            stored = {name for change in document.layers for name in change.values or ()}
            for name in sorted(stored & class_of(key[0]).retired):
                if (key, name) not in self._retired:
                    self._retired.add((key, name))
                    entry = f"{key[0].value}:{key[1]}"
                    log.warning("%s of %s is deprecated and ignored: it was removed", name, entry)

    def _report_bad(self, key: Key, error: ValidationFailed) -> None:
        self.bad_values += 1
        if (key, str(error)) not in self._refused:  # it is read again with each change of others
            self._refused.add((key, str(error)))
            log.error("stored configuration of %s:%s is refused: %s", key[0].value, key[1], error)

    def _notify(self, key: Key, config: Settings) -> None:
        for listener in self._listeners:
            try:
                listener(key, config)
            except Exception:
                log.exception("a listener to configuration changes failed on %s", key)
