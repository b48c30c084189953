"""The time from which measurements are about the values that are in force now. Pure."""

from __future__ import annotations

from collections.abc import Collection

from ..config_store import Entry


def changed_at(entry: Entry, fields: Collection[str] | None = None) -> float:
    """Epoch s at which the entry was last changed, or a layer of it came to its end; 0: never.

    An operator's value that was taken back, or has run out, was in force until then.

    Args:
        fields: only layers with one of these count, where that is known; None: all.
    """

    def counts(values: Collection[str] | None) -> bool:
        # The fields of a removed layer are unknown.
        return fields is None or values is None or not set(fields).isdisjoint(values)

    times = [change.at for change in entry.layers if counts(change.values)]
    times += [change.ended_at for change in entry.ended if counts(change.values)]
    return max(times, default=0) / 1000
