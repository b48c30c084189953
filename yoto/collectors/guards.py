"""Guards, locks and policies."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from yoto.monitor import Distribution, names
from yoto.monitor.sources import Counted, Distributed, Measured, Sample
from yoto.optimization import DistributedLocks
from yoto.policy import BOUNDS_US, BehaviourWatch, PolicyManager
from yoto.resilience import Resilience

MICRO = 1_000_000


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


def policy_samples(app: Flask) -> Iterator[Sample]:
    metrics = PolicyManager.of(app).metrics
    counts = metrics.read()
    for origin in ("cache_hits", "cache_misses", "uncacheable"):
        yield Counted(names.POLICY_DECISIONS, getattr(counts, origin), {"origin": origin})
    verdicts = counts.evaluations - counts.errors - counts.unavailable
    yield Counted(names.POLICY_EVALUATIONS, verdicts, {"outcome": "verdict"})
    yield Counted(names.POLICY_EVALUATIONS, counts.errors, {"outcome": "error"})
    yield Counted(names.POLICY_EVALUATIONS, counts.unavailable, {"outcome": "unavailable"})
    for code, count in counts.denies_by_code.items():
        yield Counted(names.POLICY_DENIALS, count, {"code": code})
    latency = metrics.latency.snapshot()
    # Values beyond the last bound always go into the same bucket, since differences are reported.
    bounds = [bound / MICRO for bound in (*BOUNDS_US, 2 * BOUNDS_US[-1])]
    found = Distribution.of_counts(zip(bounds, latency.counts, strict=True), latency.sum_us / MICRO)
    yield Distributed(names.POLICY_TIME, found)
    yield Counted(names.BEHAVIOUR_LOST, BehaviourWatch.of(app).lost)
