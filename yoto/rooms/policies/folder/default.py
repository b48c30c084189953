"""The entries to store of a default bundle: all at first, later only unedited ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from yoto.rooms.policies.store import Entry, StoredSet, source_hash
from yoto.rooms.policies.tables import PolicyKind

DEFAULT_AUTHOR = "default"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The changes to store for bundles.

    Attributes:
        stored: entries that are new, or newer than an unedited one of a bundle.
        removed: unedited entries that their bundle no longer has.
        kept: entries of a bundle that were edited or deactivated.
    """

    stored: Sequence[Entry]
    removed: Sequence[tuple[PolicyKind, str]]
    kept: Sequence[tuple[PolicyKind, str]]

    def __bool__(self) -> bool:
        return bool(self.stored or self.removed)

    def __add__(self, other: Upgrade) -> Upgrade:
        return Upgrade(
            [*self.stored, *other.stored],
            [*self.removed, *other.removed],
            [*self.kept, *other.kept],
        )


def upgrade_of(
    stored: StoredSet,
    known: Collection[tuple[PolicyKind, str]],
    bundle: Sequence[Entry],
    author: str = DEFAULT_AUTHOR,
) -> Upgrade:
    """Compare the entries in force with a bundle.

    Args:
        known: kind and name of every entry that ever was, in force or not.
        bundle: the entries of this release.
        author: the author under whom its entries are stored.
    """
    new: list[Entry] = []
    kept: list[tuple[PolicyKind, str]] = []
    for entry in bundle:
        live = stored.find(entry.kind, entry.name)
        if live is None and (entry.kind, entry.name) not in known:
            new.append(entry)
        elif live is None or live.author != author:
            kept.append((entry.kind, entry.name))
        elif live.source_hash != source_hash(entry.source, entry.tests):
            new.append(entry)
    names = {(entry.kind, entry.name) for entry in bundle}
    removed = [
        (live.kind, live.name)
        for live in stored.live
        if live.author == author and (live.kind, live.name) not in names
    ]
    return Upgrade(new, removed, kept)
