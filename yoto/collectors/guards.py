"""Guards and locks."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from yoto.monitor import names
from yoto.monitor.sources import Counted, Measured, Sample
from yoto.optimization import DistributedLocks
from yoto.resilience import Resilience


def guard_samples(app: Flask) -> Iterator[Sample]:
    """Breakers, rate limits and bulkheads that this process uses."""
    controller = Resilience.of(app)
    for guard in controller.guards.counts():
        about = {"kind": guard.kind, "name": guard.name}
        yield Counted(names.PASSES, guard.passed, about)
        yield Counted(names.REJECTIONS, guard.rejected, about)
        for dimension, refused in guard.refused_by.items():
            of = {"name": guard.name, "dimension": dimension}
            yield Counted(names.LIMIT_REFUSALS, refused, of)
        for fate, units in guard.leases.items():
            yield Counted(names.LEASED_UNITS, units, {**about, "fate": fate})
        yield Counted(names.STORE_ERRORS, guard.store_errors, about)
        yield Counted(names.ANSWERED_LOCALLY, guard.answered_locally, about)
    for bulkhead in controller.guards.bulkhead_use():
        yield Measured(names.BULKHEAD_HELD, bulkhead.held_here, {"name": bulkhead.name})
        of_one = {"name": bulkhead.name, "strategy": bulkhead.strategy.value}
        yield Measured(names.BULKHEAD_LIMIT, bulkhead.limit, of_one)
        yield Counted(names.BULKHEAD_BUSY, bulkhead.busy, {"name": bulkhead.name})


def lock_samples(locks: DistributedLocks) -> Iterator[Sample]:
    counts = locks.counts()
    for outcome in ("acquired", "contended", "refused", "lost", "unreleased"):
        yield Counted(names.LOCKS, getattr(counts, outcome), {"outcome": outcome})
    yield Measured(names.LOCKS_HELD, len(locks.held()))
