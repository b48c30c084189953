"""Metrics of prefetching."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from yoto.monitor.sources import Counted, Measured, Sample

from .extension import Prefetch

PREFETCHES = "yoto_prefetches_total"
VISITS = "yoto_prefetch_visits_total"
PRECISION = "yoto_prefetch_precision"
UNDECIDED = "yoto_prefetch_undecided"

HELP = {
    PREFETCHES: "prefetches loaded, and by what became of them",
    VISITS: "visits of users that the prefetcher looked at",
    PRECISION: "share of the last prefetches that were used, 0 to 1",
    UNDECIDED: "prefetches whose user has not come by yet",
}


def samples(app: Flask) -> Iterator[Sample]:
    """The counters of prefetching; nothing where there is none."""
    prefetcher = Prefetch.of(app).prefetcher
    if prefetcher is None:
        return
    stats = prefetcher.stats()
    for outcome, count in stats.counts.items():
        yield Counted(PREFETCHES, count, {"outcome": outcome})
    yield Counted(VISITS, stats.visits)
    yield Measured(UNDECIDED, stats.undecided)
    if stats.late_precision is not None:
        yield Measured(PRECISION, stats.late_precision)
