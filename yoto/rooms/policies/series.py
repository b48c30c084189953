"""Metrics of policies."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from yoto.monitor import Distribution, names
from yoto.monitor.sources import Counted, Distributed, Sample
from yoto.rooms.policies.behaviour.watching import BehaviourWatch
from yoto.rooms.policies.metrics.counts import BOUNDS_US

from .manager import PolicyManager

# Alerts count ``names.POLICY_EVALUATIONS``, too.
DECISIONS = "yoto_policy_decisions_total"
DENIALS = "yoto_policy_denials_total"
TIME = "yoto_policy_evaluation_seconds"
BEHAVIOUR_LOST = "yoto_behaviour_lost_actions_total"

HELP = {
    DECISIONS: "policy decisions by where they came from",
    DENIALS: "denials by code of the policy",
    TIME: "time of a policy evaluation that gave a verdict",
    BEHAVIOUR_LOST: "actions of users that were not counted for their risk: Redis was away",
}

MICRO = 1_000_000


def samples(app: Flask) -> Iterator[Sample]:
    """The counters of policies, and of the behaviour that they read."""
    metrics = PolicyManager.of(app).metrics
    counts = metrics.read()
    for origin in ("cache_hits", "cache_misses", "uncacheable"):
        yield Counted(DECISIONS, getattr(counts, origin), {"origin": origin})
    verdicts = counts.evaluations - counts.errors - counts.unavailable
    yield Counted(names.POLICY_EVALUATIONS, verdicts, {"outcome": "verdict"})
    yield Counted(names.POLICY_EVALUATIONS, counts.errors, {"outcome": "error"})
    yield Counted(names.POLICY_EVALUATIONS, counts.unavailable, {"outcome": "unavailable"})
    for code, count in counts.denies_by_code.items():
        yield Counted(DENIALS, count, {"code": code})
    latency = metrics.latency.snapshot()
    # Values beyond the last bound always go into the same bucket, since differences are reported.
    bounds = [bound / MICRO for bound in (*BOUNDS_US, 2 * BOUNDS_US[-1])]
    found = Distribution.of_counts(zip(bounds, latency.counts, strict=True), latency.sum_us / MICRO)
    yield Distributed(TIME, found)
    if BehaviourWatch.is_in(app):
        yield Counted(BEHAVIOUR_LOST, BehaviourWatch.of(app).lost)
