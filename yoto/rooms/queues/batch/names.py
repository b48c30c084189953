"""The Redis keys of a queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from yoto.redis import KeyBuilder

# The separator between an item's kind and the id of its entry.
SEPARATOR = ":"


class KindKeys(NamedTuple):
    """The keys of one kind of items, in the order that the scripts want.

    Attributes:
        stream: the items, until they are done or dead.
        leases: items in flight, by the moment at which their lease ends.
        delayed: items that are tried again, by the moment.
        counts: counters and recent sums.
        dead: dead letters, by number.
        letters: dead letters, by item.
    """

    stream: str
    leases: str
    delayed: str
    counts: str
    dead: str
    letters: str


class QueueKeys:
    """The keys of the queue ``name``, all with one hash tag."""

    def __init__(self, keys: KeyBuilder, name: str) -> None:
        self._keys = keys
        self._name = name
        self.kinds = keys.queue(name, "kinds")
        self.consumers = keys.queue(name, "consumers")
        self._of_kind: dict[str, KindKeys] = {}

    def of_kind(self, kind: str) -> KindKeys:
        """The keys of one kind."""
        found = self._of_kind.get(kind)
        if found is None:
            found = KindKeys(
                *(self._keys.queue(self._name, kind, part) for part in KindKeys._fields)
            )
            self._of_kind[kind] = found
        return found

    def of_kinds(self, kinds: Sequence[str]) -> list[str]:
        """The keys of several kinds, one after the other."""
        return [key for kind in kinds for key in self.of_kind(kind)]

    def once(self, kind: str, key: str) -> str:
        """The key that remembers which item has a caller's key."""
        return self._keys.queue(self._name, kind, "once", key)


class ItemId(NamedTuple):
    """An item's id in parts; as text it is unique over all kinds."""

    kind: str
    entry: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The parts of ``text``; None if it is no id."""
        kind, separator, entry = text.partition(SEPARATOR)
        return cls(kind, entry) if separator and kind and entry else None

    def __str__(self) -> str:
        return f"{self.kind}{SEPARATOR}{self.entry}"
