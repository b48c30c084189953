"""Shows the monitor what the parts of an application count by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic

from flask import Flask

from app.core.cache import HybridPermissionCache, Position, TieredCache
from app.core.monitor import Counted, Measured, Monitor, Monitoring, Sample, names
from app.core.optimization import AdvancedOptimization, DistributedLocks
from app.core.permission import PermissionSystem
from app.core.policy import PolicyManager
from app.core.redis import RedisStore
from app.core.resilience import Resilience

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


def measure(app: Flask) -> None:
    """Have the monitor of ``app`` read every part at each flush; nothing is read yet."""
    monitoring = Monitor.of(app)
    cache = HybridPermissionCache.of(app)
    monitoring.add_source("cache", lambda: _cache(cache))
    monitoring.add_source("locks", lambda: _locks(AdvancedOptimization.of(app).locks))
    monitoring.add_source("guards", lambda: _guards(app))
    monitoring.add_source("policies", lambda: _policies(app))
    monitoring.add_source("outbox", lambda: _outbox(app))
    monitoring.add_source("redis", lambda: _redis(app))
    cache.tailer.subscribe(_Staleness(monitoring))


def _cache(cache: TieredCache) -> Iterator[Sample]:
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
        yield Counted(names.CACHE_EVICTIONS, stats.evictions[kind], {"kind": kind})
    for event, count in stats.log.items():
        yield Counted(names.LOG_EVENTS, count, {"event": event})
    if stats.silent_for is not None:
        yield Measured(names.LOG_SILENCE, stats.silent_for)


def _locks(locks: DistributedLocks) -> Iterator[Sample]:
    counts = locks.counts()
    for outcome in ("acquired", "contended", "refused", "lost", "unreleased"):
        yield Counted(names.LOCKS, getattr(counts, outcome), {"outcome": outcome})
    yield Measured(names.LOCKS_HELD, len(locks.held()))


def _guards(app: Flask) -> Iterator[Sample]:
    for guard in Resilience.of(app).guard_counts():
        about = {"kind": guard.kind, "name": guard.name}
        yield Counted(names.REJECTIONS, guard.rejected, about)
        yield Counted(names.STORE_ERRORS, guard.store_errors, about)
        yield Counted(names.ANSWERED_LOCALLY, guard.answered_locally, about)


def _policies(app: Flask) -> Iterator[Sample]:
    counts = PolicyManager.of(app).metrics.read()
    for origin in ("cache_hits", "cache_misses", "uncacheable"):
        yield Counted(names.POLICY_DECISIONS, getattr(counts, origin), {"origin": origin})
    verdicts = counts.evaluations - counts.errors - counts.unavailable
    yield Counted(names.POLICY_EVALUATIONS, verdicts, {"outcome": "verdict"})
    yield Counted(names.POLICY_EVALUATIONS, counts.errors, {"outcome": "error"})
    yield Counted(names.POLICY_EVALUATIONS, counts.unavailable, {"outcome": "unavailable"})
    for code, count in counts.denies_by_code.items():
        yield Counted(names.POLICY_DENIALS, count, {"code": code})


def _outbox(app: Flask) -> Iterator[Sample]:
    caching = PermissionSystem.caching_of(app)
    if caching is None:
        return
    counts = caching.outbox.counts
    for event in ("published", "held_back", "relayed", "unmarked", "failures"):
        yield Counted(names.OUTBOX, getattr(counts, event), {"event": event})


def _redis(app: Flask) -> Iterator[Sample]:
    yield Measured(names.REDIS_UP, float(RedisStore.of(app).available))


class _Staleness:
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
