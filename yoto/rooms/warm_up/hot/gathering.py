"""Counts in the memory of one process: the cost of counting for a request."""

from __future__ import annotations

from typing import TypeAlias

# A user and a place, by their keys in the cache.
Pair: TypeAlias = tuple[int, int]


class Gathering:
    """Counts pairs without a lock: right to a few counts when threads meet.

    Attributes:
        dropped: requests that were not counted because there was no room for another pair.
    """

    __slots__ = ("_counts", "_limit", "dropped")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: dict[Pair, int] = {}
        self.dropped = 0

    def note(self, user_id: int, place: int) -> None:
        """Count one request; some hundred nanoseconds."""
        counts = self._counts
        pair = user_id, place
        known = counts.get(pair)
        if known is not None:
            counts[pair] = known + 1
        elif len(counts) < self._limit:
            counts[pair] = 1
        else:
            self.dropped += 1

    def take(self) -> dict[Pair, int]:
        """The counts since the last call."""
        taken, self._counts = self._counts, {}
        # A thread that is just counting may still add to the old one.
        return taken.copy()

    def forget(self, user_id: int) -> None:
        """Drop the counts of one user."""
        counts = self._counts
        for pair in [pair for pair in counts.copy() if pair[0] == user_id]:
            counts.pop(pair, None)

    def __len__(self) -> int:
        return len(self._counts)
