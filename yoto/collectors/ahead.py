"""Metrics of hot entries, and of entries that were loaded into the cache ahead of requests."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from yoto.monitor import names
from yoto.monitor.sources import Counted, Measured, Sample
from yoto.optimization import HotCounts
from yoto.permission import PermissionSystem


def hot_samples(hot: HotCounts) -> Iterator[Sample]:
    """The delivery of hot counts to Redis."""
    stats = hot.stats()
    for event in ("batches", "dropped", "failures"):
        yield Counted(names.HOT_EVENTS, getattr(stats, event), {"event": event})
    yield Measured(names.HOT_WAITING, stats.gathered, {"what": "pairs"})
    yield Measured(names.HOT_WAITING, stats.waiting, {"what": "batches"})


def preload_samples(app: Flask) -> Iterator[Sample]:
    """The counters of preloading, if the application has it."""
    preloading = PermissionSystem.preloading_of(app)
    if preloading is None:
        return
    stats = preloading.stats()
    for event in ("runs", "failures", "l2", "db", "left", "used", "unused"):
        yield Counted(names.PRELOADS, getattr(stats, event), {"event": event})
    yield Measured(names.PRELOAD_WAITING, stats.waiting)
