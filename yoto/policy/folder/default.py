"""Which entries of the default bundle are stored: all at first, later only where nobody edited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from yoto.policy.store import Entry, StoredSet, source_hash
from yoto.store.models import PolicyKind

DEFAULT_AUTHOR = "default"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What to store of a default bundle.

    Attributes:
        stored: entries that are new, or newer than a default that nobody has touched.
        removed: defaults that nobody has touched and that the bundle has no more.
        kept: entries of the bundle that somebody has edited or taken out of force.
    """

    stored: Sequence[Entry]
    removed: Sequence[tuple[PolicyKind, str]]
    kept: Sequence[tuple[PolicyKind, str]]

    def __bool__(self) -> bool:
        return bool(self.stored or self.removed)


def upgrade_of(
    stored: StoredSet, known: Collection[tuple[PolicyKind, str]], default: Sequence[Entry]
) -> Upgrade:
    """Compare what is in force with a default bundle.

    Args:
        known: kind and name of every entry that ever was, in force or not.
        default: the bundle of this release.
    """
    new: list[Entry] = []
    kept: list[tuple[PolicyKind, str]] = []
    for entry in default:
        live = stored.find(entry.kind, entry.name)
        if live is None and (entry.kind, entry.name) not in known:
            new.append(entry)
        elif live is None or live.author != DEFAULT_AUTHOR:
            kept.append((entry.kind, entry.name))
        elif live.source_hash != source_hash(entry.source, entry.tests):
            new.append(entry)
    names = {(entry.kind, entry.name) for entry in default}
    removed = [
        (live.kind, live.name)
        for live in stored.live
        if live.author == DEFAULT_AUTHOR and (live.kind, live.name) not in names
    ]
    return Upgrade(new, removed, kept)
