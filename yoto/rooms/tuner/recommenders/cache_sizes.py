"""Memory caches that are too small: they evict entries that are requested again."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import STORES, TuningSnapshot
from ..suggestion import Suggestion, confidence, suggest

# Fewer look-ups or evictions prove nothing.
LEAST_LOOKUPS = 200
LEAST_EVICTIONS = 20
# Evictions that give a confidence of one half.
HALF = 50.0
# Share of the misses that evictions must explain, since an eviction without a later miss does no
# harm.
EXPLAINED = 0.2
# A store that is less full evicts for other reasons, such as too many places of one user.
FULL = 0.9
FACTOR = 2
# Share of the allowed memory of a process: the warning level.
MEMORY_LIMIT = 0.7
# The memory of one more key. A user with one place was measured (tracemalloc) as 1.1 to 1.8 KB of
# objects on CPython 3.11; here is room for a few places, and for the allocator's overhead.
BYTES = 4_000


def advise(snapshot: TuningSnapshot) -> Iterator[Suggestion]:
    """A larger store for each kind that is full and evicts entries which are requested again."""
    rate = snapshot.hit_rate
    if rate is None or snapshot.lookups < LEAST_LOOKUPS:
        return
    for kind in STORES:
        setting = f"cache_{kind}_size"
        store, now = snapshot.stores.get(kind), snapshot.values.get(setting)
        if store is None or now is None or store.entries < now * FULL:
            continue
        if store.evictions < max(LEAST_EVICTIONS, snapshot.l1_misses * EXPLAINED):
            continue
        wanted = min(now * FACTOR, now + _room(snapshot))
        found = suggest(
            setting,
            now,
            max(now, wanted),
            f"{store.evictions:.0f} entries had to go for others while {snapshot.l1_misses:.0f} of "
            f"{snapshot.lookups:.0f} look-ups missed (hit rate {rate:.0%}), "
            f"with {store.entries:.0f} of {now:.0f} keys in use",
            "fewer misses in memory, and so fewer reads of Redis and the database",
            confidence(store.evictions, HALF),
            "l1_hit_rate",
            "store_evicts",
            evicted=store.evictions,
            misses=snapshot.l1_misses,
            lookups=snapshot.lookups,
            hit_share=rate,
            used=store.entries,
            size=now,
        )
        if found is not None:
            yield found


def _room(snapshot: TuningSnapshot) -> float:
    """Keys that still fit below the memory limit, if all workers share one host; 0 if unknown."""
    if not snapshot.memory_share or not snapshot.memory_bytes:
        return 0.0
    workers = max(1.0, snapshot.workers)
    allowed = snapshot.memory_bytes / snapshot.memory_share
    free = allowed * MEMORY_LIMIT / workers - snapshot.memory_bytes
    return max(0.0, free // BYTES)
