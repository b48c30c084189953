"""The permission cache, the outbox, and how old a change is when it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic

from flask import Flask

from app.core.cache import Position, TieredCache
from app.core.monitor import Counted, Measured, Monitoring, Sample, names
from app.core.permission import PermissionSystem

# Counts of the cache that are answers of a tier: field, tier, result.
LOOKUPS = (
    ("l1_hits", "l1", "hit"),
    ("l1_misses", "l1", "miss"),
    ("l1_bypassed", "l1", "bypassed"),
    ("l2_hits", "l2", "hit"),
    ("l2_misses", "l2", "miss"),
    ("l2_errors", "l2", "error"),
    ("loads", "db", "hit"),
    ("load_errors", "db", "error"),
)
# Checks that memory answered on the short way: field and result.
QUICK = (("quick_allowed", "allowed"), ("quick_denied", "denied"))
_TOLD_OTHERWISE = {field for field, *_ in (*LOOKUPS, *QUICK)}


def cache_samples(cache: TieredCache) -> Iterator[Sample]:
    stats = cache.stats()
    for field, tier, result in LOOKUPS:
        yield Counted(names.LOOKUPS, stats.counts[field], {"tier": tier, "result": result})
    for field, result in QUICK:
        yield Counted(names.CHECKS, stats.counts[field], {"tier": "l1", "result": result})
    for field, count in stats.counts.items():
        if field not in _TOLD_OTHERWISE:
            yield Counted(names.CACHE_EVENTS, count, {"event": field})
    for kind, size in stats.sizes.items():
        yield Measured(names.CACHE_ENTRIES, size, {"kind": kind})
        yield Measured(names.CACHE_CAPACITY, stats.capacities[kind], {"kind": kind})
        ttl = getattr(cache.settings, kind).ttl
        yield Measured(names.CACHE_TTL, ttl, {"kind": kind})
        yield Counted(names.CACHE_EVICTIONS, stats.evictions[kind], {"kind": kind})
    for event, count in stats.log.items():
        yield Counted(names.LOG_EVENTS, count, {"event": event})
    if stats.silent_for is not None:
        yield Measured(names.LOG_SILENCE, stats.silent_for)
    number = cache.tailer.applied_number
    if number is not None:
        yield Measured(names.LOG_APPLIED, float(number))


def outbox_samples(app: Flask) -> Iterator[Sample]:
    caching = PermissionSystem.caching_of(app)
    if caching is None:
        return
    counts = caching.outbox.counts
    for event in ("published", "held_back", "relayed", "unmarked", "failures"):
        yield Counted(names.OUTBOX, getattr(counts, event), {"event": event})


class Staleness:
    """Measures how old each entry of the log is when this process has applied it.

    Both times are of the clock of Redis, ours as of its last answer to a flush. Entries from before
    this process are not measured: it reads old ones when it starts.
    """

    def __init__(self, monitoring: Monitoring) -> None:
        self._monitoring = monitoring
        self._observe = monitoring.recorder.histogram(names.STALENESS).observe
        self._began = monotonic()

    def __call__(self, subjects: Sequence[str], position: Position) -> None:
        now = self._monitoring.redis_time()
        if now is None:
            return
        age = now - position.ms / 1000
        if age <= monotonic() - self._began:
            self._observe(max(0.0, age))
