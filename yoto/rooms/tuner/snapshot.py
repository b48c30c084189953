"""The recommenders' snapshot: one stretch of time of the whole fleet, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isclose

from yoto.monitor import names
from yoto.monitor.history import Point, Readings

STORES = ("users", "conditional")
# Stands for all dimensions of a rate limit that have no limit of their own.
PLAIN = "limit"
POOLS = ("requests", "permissions")


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """One kind of entries in the memory of processes.

    Attributes:
        entries: keys of one process, on average.
        evictions: entries of all processes that were evicted for others.
        ttl: seconds that entries live; None: it changed, or differs between processes.
    """

    entries: float = 0.0
    evictions: float = 0.0
    ttl: float | None = None


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """The batch queue now: waiting items, and items a second that come in and go out."""

    waiting: int
    inflow: float
    processing: float


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """Database connections of all processes; ``size`` and ``busiest`` are those of one.

    Attributes:
        size: largest number of connections.
        same: whether the size was the same all the time, and everywhere.
        taken: callers who got a connection; ``waited`` of them had to wait.
        timed_out: callers whose wait timed out.
        busiest: largest number in use at once.
    """

    size: float
    same: bool
    taken: float
    waited: float
    timed_out: float
    busiest: float


@dataclass(frozen=True, slots=True)
class BulkheadSnapshot:
    """Holders of a bulkhead.

    Attributes:
        limit: the most holders in a partition, over all workers.
        unpartitioned: whether there is only one partition.
        same: whether the limit was the same all the time.
        passed, rejected: callers that were admitted, and that were rejected.
        busy: total seconds that slots were held.
        held: the most holders at once over all workers, sampled once a second.
    """

    limit: int
    unpartitioned: bool
    same: bool
    passed: float
    rejected: float
    busy: float
    held: float


@dataclass(frozen=True, slots=True)
class LimiterSnapshot:
    """A rate limit.

    Attributes:
        passed: calls that it allowed.
        refused: by dimension, calls that it rejected.
        limits: by dimension, units in a window.
    """

    passed: float
    refused: Mapping[str, float]
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TuningSnapshot:
    """A snapshot of the fleet; None: not measured.

    Attributes:
        seconds: recorded time of one process.
        workers: processes that recorded, on average.
        values: the settings in force, by the names of ``TUNABLES``.
        stores: entries in the memory of processes, by kind.
        l1_hits, l1_misses: look-ups in memory.
        l2_reads, l2_errors: reads of Redis, and failed ones.
        l2_p99: seconds that 99 % of the successful reads did not exceed.
        memory_bytes: memory of one process, on average.
        memory_share: highest share in use of the memory allowed to a process.
        queue: the batch queue.
        pools: connections to the database, by pool.
        bulkheads, limiters: guards that may be tuned, by name.
        request_p95: seconds that 95 % of the requests did not exceed.
        error_rate: errors among the responses, 0 to 1.
    """

    seconds: float
    workers: float
    values: Mapping[str, float]
    stores: Mapping[str, StoreSnapshot] = field(default_factory=dict)
    l1_hits: float = 0.0
    l1_misses: float = 0.0
    l2_reads: float = 0.0
    l2_errors: float = 0.0
    l2_p99: float | None = None
    memory_bytes: float | None = None
    memory_share: float | None = None
    queue: QueueSnapshot | None = None
    pools: Mapping[str, PoolSnapshot] = field(default_factory=dict)
    bulkheads: Mapping[str, BulkheadSnapshot] = field(default_factory=dict)
    limiters: Mapping[str, LimiterSnapshot] = field(default_factory=dict)
    request_p95: float | None = None
    error_rate: float | None = None

    @property
    def lookups(self) -> float:
        """Look-ups in memory."""
        return self.l1_hits + self.l1_misses

    @property
    def hit_rate(self) -> float | None:
        """Share of look-ups that memory served, 0 to 1."""
        return self.l1_hits / self.lookups if self.lookups else None


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards that may be tuned, with their limits in force.

    Attributes:
        bulkheads: by name, the number of slots, and whether there is only one partition.
        limiters: by name, the limit of each dimension.
    """

    bulkheads: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    limiters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def snapshot_of(
    point: Point,
    values: Mapping[str, float],
    queue: QueueSnapshot | None = None,
    guards: Guards | None = None,
) -> TuningSnapshot:
    """The snapshot of a stretch of time, given the settings in force in it."""
    guards = guards or Guards()
    requests = point.counted(names.REQUESTS)
    recorded = point.counted(names.FLUSHED_SECONDS)
    workers = recorded / point.seconds if point.seconds else 0.0
    memory = point.level(names.MEMORY)
    allowed = point.level(names.MEMORY_LIMIT)
    l2_errors = point.counted(names.LOOKUPS, tier="l2", result="error")
    return TuningSnapshot(
        seconds=recorded / max(1.0, workers),
        workers=workers,
        values=values,
        stores={kind: _store(point, kind) for kind in STORES},
        l1_hits=point.counted(names.LOOKUPS, tier="l1", result="hit"),
        l1_misses=point.counted(names.LOOKUPS, tier="l1", result="miss"),
        l2_reads=point.counted(names.LOOKUPS, tier="l2", result="hit")
        + point.counted(names.LOOKUPS, tier="l2", result="miss")
        + l2_errors,
        l2_errors=l2_errors,
        l2_p99=point.distribution(names.L2_TIME).quantile(0.99),
        memory_bytes=None if memory is None else memory.mean,
        memory_share=None if not (memory and allowed) else memory.highest / allowed.mean,
        queue=queue,
        pools={name: pool for name in POOLS if (pool := _pool(point, name)) is not None},
        bulkheads={
            name: _bulkhead(point, name, limit, unpartitioned, workers)
            for name, (limit, unpartitioned) in guards.bulkheads.items()
        },
        limiters={name: _limiter(point, name, limits) for name, limits in guards.limiters.items()},
        request_p95=point.distribution(names.REQUEST_TIME).quantile(0.95),
        error_rate=point.counted(names.REQUESTS, status="5xx") / requests if requests else None,
    )


def _store(point: Point, kind: str) -> StoreSnapshot:
    entries = point.level(names.CACHE_ENTRIES, kind=kind)
    return StoreSnapshot(
        entries=0.0 if entries is None else entries.mean,
        evictions=point.counted(names.CACHE_EVICTIONS, kind=kind),
        ttl=_steady(point.level(names.CACHE_TTL, kind=kind)),
    )


def _pool(point: Point, pool: str) -> PoolSnapshot | None:
    size = point.level(names.POOL_SIZE, pool=pool)
    busiest = point.level(names.POOL_BUSIEST, pool=pool)
    if size is None or busiest is None:
        return None
    waited = point.counted(names.POOL_TAKES, pool=pool, outcome="waited")
    return PoolSnapshot(
        size=size.mean,
        same=_steady(size) is not None,
        taken=waited + point.counted(names.POOL_TAKES, pool=pool, outcome="at_once"),
        waited=waited,
        timed_out=point.counted(names.POOL_TAKES, pool=pool, outcome="timed_out"),
        busiest=busiest.highest,
    )


def _steady(level: Readings | None) -> float | None:
    """The value that all readings share; None if there was none, or they differed."""
    if level is None or not isclose(level.mean, level.highest):
        return None
    return level.highest


def _bulkhead(
    point: Point, name: str, limit: int, unpartitioned: bool, workers: float
) -> BulkheadSnapshot:
    limits = point.level(names.BULKHEAD_LIMIT, name=name)
    held = point.level(names.BULKHEAD_HELD, name=name)
    return BulkheadSnapshot(
        limit=limit,
        unpartitioned=unpartitioned,
        same=_steady(limits) == limit,
        passed=point.counted(names.PASSES, kind="bulkhead", name=name),
        rejected=point.counted(names.REJECTIONS, kind="bulkhead", name=name),
        busy=point.counted(names.BULKHEAD_BUSY, name=name),
        held=0.0 if held is None else held.highest * max(1.0, workers),
    )


def _limiter(point: Point, name: str, limits: Mapping[str, int]) -> LimiterSnapshot:
    refused = {
        one: point.counted(names.LIMIT_REFUSALS, name=name, dimension=one)
        for one in limits
        if one != PLAIN
    }
    if PLAIN in limits:
        refused[PLAIN] = point.counted(names.LIMIT_REFUSALS, name=name) - sum(refused.values())
    passed = point.counted(names.PASSES, kind="rate_limit", name=name)
    return LimiterSnapshot(passed, refused, limits)
