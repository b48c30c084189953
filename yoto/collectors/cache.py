"""The permission cache, the outbox, and the age of a change when it is applied."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic

from flask import Flask

from yoto.cache import LogEntry, TieredCache
from yoto.monitor import names
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.sources import Counted, Measured, Sample
from yoto.permission import PermissionSystem

# Counts of the cache that are hits of a tier: field, tier, result.
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
# s over which the oldest change is reported; scrapes come at least as often.
WORST_OF = 60.0
_COUNTED_ELSEWHERE = {field for field, *_ in LOOKUPS}


def cache_samples(cache: TieredCache) -> Iterator[Sample]:
    stats = cache.stats()
    for field, tier, result in LOOKUPS:
        yield Counted(names.LOOKUPS, stats.counts[field], {"tier": tier, "result": result})
    for field, count in stats.counts.items():
        if field not in _COUNTED_ELSEWHERE:
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
    newest = cache.tailer.newest_number
    if newest is not None:
        yield Measured(names.LOG_NEWEST, float(newest))


def check_samples(app: Flask) -> Iterator[Sample]:
    """Checks allowed straight from memory; the recorder counts all others."""
    meters = PermissionSystem.meters_of(app)
    for permission, count in meters.plain.copy().items():
        about = {"tier": "l1", "result": "allowed", "permission": permission}
        yield Counted(names.CHECKS, count, about)


def outbox_samples(app: Flask) -> Iterator[Sample]:
    caching = PermissionSystem.caching_of(app)
    if caching is None:
        return
    counts = caching.outbox.counts
    for event in ("published", "held_back", "relayed", "unmarked", "failures"):
        yield Counted(names.OUTBOX, getattr(counts, event), {"event": event})


class Staleness:
    """Measures how old each change is when this process has applied its entry of the log.

    Times in the log are by the clock of Redis, which this process knows from its last flush; a
    change's wait for the outbox relay is added. Entries from before this process are not measured,
    since it reads old ones when it starts.
    """

    def __init__(self, monitoring: Monitoring) -> None:
        self._monitoring = monitoring
        self._observe = monitoring.recorder.histogram(names.STALENESS).observe
        self._began = monotonic()
        # Time and age of changes; each is older than all later ones, so that the first is the
        # oldest.
        self._lock = threading.Lock()
        self._oldest: deque[tuple[float, float]] = deque()

    def __call__(self, entry: LogEntry) -> None:
        now, here = self._monitoring.redis_time(), monotonic()
        if now is None:
            return
        in_log = now - entry.position.ms / 1000
        if in_log > here - self._began:
            return
        age = max(0.0, in_log) + entry.late_ms / 1000
        self._observe(age)
        with self._lock:
            while self._oldest and self._oldest[-1][1] <= age:
                self._oldest.pop()
            self._oldest.append((here, age))

    def samples(self) -> Iterator[Sample]:
        """The oldest change of the last minute, if any was applied."""
        with self._lock:
            while self._oldest and self._oldest[0][0] < monotonic() - WORST_OF:
                self._oldest.popleft()
            worst = self._oldest[0][1] if self._oldest else None
        if worst is not None:
            yield Measured(names.STALENESS_WORST, worst)
