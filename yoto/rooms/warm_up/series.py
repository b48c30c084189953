"""Metrics of hot entries, and of entries that were loaded into the cache ahead of requests."""

from __future__ import annotations

from collections.abc import Iterator

from yoto.monitor.sources import Counted, Measured, Sample

from .hot import HotCounts
from .preloading import Preloading

HOT_EVENTS = "yoto_hot_counts_total"
HOT_WAITING = "yoto_hot_counts_waiting"
PRELOADS = "yoto_preload_events_total"
PRELOAD_WAITING = "yoto_preload_waiting"

HELP = {
    HOT_EVENTS: "batches of hot counts that Redis took, requests not counted, failed flushes",
    HOT_WAITING: "hot pairs in memory, and batches that Redis has not confirmed",
    PRELOADS: "runs of preloading, entries by origin, and what became of them",
    PRELOAD_WAITING: "preloaded entries that were not used yet",
}


def hot_samples(hot: HotCounts) -> Iterator[Sample]:
    """The delivery of hot counts to Redis."""
    stats = hot.stats()
    for event in ("batches", "dropped", "failures"):
        yield Counted(HOT_EVENTS, getattr(stats, event), {"event": event})
    yield Measured(HOT_WAITING, stats.gathered, {"what": "pairs"})
    yield Measured(HOT_WAITING, stats.waiting, {"what": "batches"})


def preload_samples(preloading: Preloading) -> Iterator[Sample]:
    """The counters of preloading."""
    stats = preloading.stats()
    for event in ("runs", "failures", "l2", "db", "left", "used", "unused"):
        yield Counted(PRELOADS, getattr(stats, event), {"event": event})
    yield Measured(PRELOAD_WAITING, stats.waiting)
