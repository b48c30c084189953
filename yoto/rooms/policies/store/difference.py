"""The differences between two versions of an entry, line by line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from yoto.rooms.policies.store.entry import StoredVersion
from yoto.rooms.policies.tables import PolicyKind

SAME: Final = "same"
ADDED: Final = "added"
REMOVED: Final = "removed"
LEFT_OUT: Final = "left_out"
CONTEXT_LINES = 3


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference.

    Attributes:
        mark: ``same``, ``added``, ``removed``, or ``left_out``: equal lines that are not shown.
        old, new: its number in either version, from 1; None where it is not in it.
    """

    mark: Literal["same", "added", "removed", "left_out"]
    old: int | None
    new: int | None
    text: str


def difference_of(
    old: StoredVersion, new: StoredVersion
) -> tuple[Sequence[DiffLine], Sequence[DiffLine]]:
    """Source and tests; empty where they are equal. Documents are compared laid out."""
    if old.kind is PolicyKind.DATA:
        return lines_between(_laid_out(old.source), _laid_out(new.source)), []
    return lines_between(old.source, new.source), lines_between(old.tests, new.tests)


def lines_between(old: str, new: str, context: int = CONTEXT_LINES) -> list[DiffLine]:
    """The removed and added lines, with so many equal lines around each place."""
    before, after = old.splitlines(), new.splitlines()
    found: list[DiffLine] = []
    end = 0
    for group in SequenceMatcher(None, before, after).get_grouped_opcodes(context):
        if group[0][1] > end:
            found.append(DiffLine(LEFT_OUT, None, None, ""))
        for _, first, last, start, stop in group:
            pairs = list(zip(range(first, last), range(start, stop), strict=False))
            if before[first:last] == after[start:stop]:
                found += [DiffLine(SAME, i + 1, j + 1, before[i]) for i, j in pairs]
                continue
            found += [DiffLine(REMOVED, i + 1, None, before[i]) for i in range(first, last)]
            found += [DiffLine(ADDED, None, j + 1, after[j]) for j in range(start, stop)]
        end = group[-1][2]
    if found and end < len(before):
        found.append(DiffLine(LEFT_OUT, None, None, ""))
    return found


def _laid_out(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True)
