"""What the advisers look at: one stretch of time of the whole fleet, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import metric_names as names
from ..history import Point

STORES = ("users", "conditional", "roles", "trees")


@dataclass(frozen=True, slots=True)
class StorePicture:
    """One kind of what processes remember.

    Attributes:
        entries: keys of one process, on average.
        evictions: entries of all processes that had to go for others.
    """

    entries: float = 0.0
    evictions: float = 0.0


@dataclass(frozen=True, slots=True)
class QueuePicture:
    """The batch queue now: items that wait, and items a second that come and that are done."""

    waiting: int
    inflow: float
    processing: float


@dataclass(frozen=True, slots=True)
class Picture:
    """What happened; None: nobody measured it.

    Attributes:
        seconds: for how long it was recorded, of one process.
        workers: processes that recorded, on average.
        values: the settings in force, by the names of ``LEVERS``.
        stores: what processes remember, by kind.
        l1_hits, l1_misses: look-ups in memory.
        l2_reads, l2_errors: reads of Redis, and those that failed.
        l2_p99: seconds that 99 % of the reads that were answered did not exceed.
        memory_bytes: of one process, on average.
        memory_share: of what the process may use, the highest of any.
        queue: the batch queue.
    """

    seconds: float
    workers: float
    values: Mapping[str, float]
    stores: Mapping[str, StorePicture] = field(default_factory=dict)
    l1_hits: float = 0.0
    l1_misses: float = 0.0
    l2_reads: float = 0.0
    l2_errors: float = 0.0
    l2_p99: float | None = None
    memory_bytes: float | None = None
    memory_share: float | None = None
    queue: QueuePicture | None = None

    @property
    def lookups(self) -> float:
        """Look-ups in memory."""
        return self.l1_hits + self.l1_misses

    @property
    def hit_rate(self) -> float | None:
        """Share of them that memory answered, 0 to 1."""
        return self.l1_hits / self.lookups if self.lookups else None


def picture_of(
    point: Point, values: Mapping[str, float], queue: QueuePicture | None = None
) -> Picture:
    """The picture of a stretch of time, given what was in force in it."""
    recorded = point.counted(names.FLUSHED_SECONDS)
    workers = recorded / point.seconds if point.seconds else 0.0
    memory = point.level(names.MEMORY)
    share = point.level(names.MEMORY_SHARE)
    l2_errors = point.counted(names.LOOKUPS, tier="l2", result="error")
    return Picture(
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
        l2_p99=point.spread(names.L2_TIME).quantile(0.99),
        memory_bytes=None if memory is None else memory.mean,
        memory_share=None if share is None else share.highest,
        queue=queue,
    )


def _store(point: Point, kind: str) -> StorePicture:
    entries = point.level(names.CACHE_ENTRIES, kind=kind)
    return StorePicture(
        entries=0.0 if entries is None else entries.mean,
        evictions=point.counted(names.CACHE_EVICTIONS, kind=kind),
    )
