"""Metrics of the queues, which only Redis has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flask import Flask

from yoto.collectors.polled import OfOneWorker
from yoto.monitor import names
from yoto.monitor.sources import Measured, Sample
from yoto.optimization import AdvancedOptimization

from .batch import QueueStats
from .invalidation import InvalidationStats

QUEUE_RATE = "yoto_queue_items_per_second"
INVALIDATION_ITEMS = "yoto_invalidation_queue_items"
INVALIDATION_RATE = "yoto_invalidation_queue_items_per_second"

# Metrics that alert rules and units name are in ``yoto.monitor.names``.
HELP = {
    QUEUE_RATE: "items a second put into the batch queue, and done or dead, by kind",
    INVALIDATION_ITEMS: "queued invalidations, over all workers, by state",
    INVALIDATION_RATE: "invalidations a second, put in and published",
}

LOCK = "measures-queues"


def samples_of(app: Flask) -> Callable[[], Iterable[Sample]]:
    """Reads the metrics, in the one worker that reports them."""
    state = AdvancedOptimization.of(app)
    read = OfOneWorker(
        app,
        LOCK,
        lambda: [
            *queue_samples(state.queue.stats()),
            *invalidation_samples(state.invalidation.stats()),
        ],
    )
    return lambda: read()


def queue_samples(stats: QueueStats) -> Iterator[Sample]:
    """Lengths, rates and ages by kind."""
    for kind, one in stats.kinds.items():
        for state in ("waiting", "in_flight", "delayed", "dead"):
            about = {"kind": kind, "state": state}
            yield Measured(names.QUEUE_ITEMS, getattr(one, state), about)
        yield Measured(QUEUE_RATE, one.inflow, {"kind": kind, "direction": "in"})
        yield Measured(QUEUE_RATE, one.processing, {"kind": kind, "direction": "out"})
        yield Measured(names.QUEUE_AGE, one.oldest_age or 0.0, {"kind": kind})
        unserved = one.length if kind in stats.unserved else 0
        yield Measured(names.QUEUE_UNSERVED, unserved, {"kind": kind})


def invalidation_samples(stats: InvalidationStats) -> Iterator[Sample]:
    """Lengths, rates and age."""
    for state in ("waiting", "claimed", "later"):
        yield Measured(INVALIDATION_ITEMS, getattr(stats, state), {"state": state})
    yield Measured(INVALIDATION_RATE, stats.inflow, {"direction": "in"})
    yield Measured(INVALIDATION_RATE, stats.outflow, {"direction": "out"})
    yield Measured(names.INVALIDATION_AGE, stats.oldest_age)
