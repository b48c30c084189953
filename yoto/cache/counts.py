"""Counters of the cache, and the statistics that it reports."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class CacheCounts:
    """Plain ints that threads add to without a lock: cheap, and right to a few counts.

    Attributes:
        l1_hits, l2_hits: hits of each tier.
        l1_misses, l2_misses: look-ups that a tier could not answer.
        l1_bypassed: look-ups in which memory was not asked, because Redis was silent too long.
        stale_refused: entries that were there, or just loaded, and not believed.
        loads, load_errors: calls of loaders, and those that raised.
        stampedes_avoided: misses that took an entry loaded by another thread or process meanwhile.
        unlocked_loads: loads without the distributed lock, because it was unavailable.
        l2_errors: reads and writes of the second tier that failed.
        stores_refused: entries that did not go to Redis, because too many waited to be stored.
        refreshes, refresh_errors: entries renewed before their end, and renewals that failed.
        position_waits, position_timeouts: checks that waited for the log, and those that gave up.
    """

    l1_hits: int = 0
    l1_misses: int = 0
    l1_bypassed: int = 0
    l2_hits: int = 0
    l2_misses: int = 0
    stale_refused: int = 0
    loads: int = 0
    load_errors: int = 0
    stampedes_avoided: int = 0
    unlocked_loads: int = 0
    l2_errors: int = 0
    stores_refused: int = 0
    refreshes: int = 0
    refresh_errors: int = 0
    position_waits: int = 0
    position_timeouts: int = 0

    def all(self) -> dict[str, int]:
        """The counts by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True)
class CacheStats:
    """A snapshot.

    Attributes:
        counts: since the process started.
        preload: the same of preloaded entries, which no caller had asked for yet.
        sizes: keys in memory, by kind.
        capacities: the bounds of these sizes.
        evictions: entries that were dropped for others, by kind.
        corrupt: stored entries that could not be read.
        floors: tags whose last change is remembered.
        fresh: whether memory may be used now.
        silent_for: seconds since the log was last heard; None: never.
        applied: position up to which the log is applied.
        log: entries applied, gaps, lapses, losses, listener failures.
    """

    counts: dict[str, int]
    preload: dict[str, int]
    sizes: dict[str, int]
    capacities: dict[str, int]
    evictions: dict[str, int]
    corrupt: int
    floors: int
    fresh: bool
    silent_for: float | None
    applied: str
    log: dict[str, int] = field(default_factory=dict)
