"""Metrics of policy evaluations, by engine and by policy."""

from yoto.policy.metrics.counts import EngineCounts, EngineMetrics, Throughput
from yoto.policy.metrics.histogram import BOUNDS_US, LatencyHistogram
from yoto.policy.metrics.ledger import PolicyLedger
from yoto.policy.metrics.per_policy import (
    Complexity,
    PolicyMetrics,
    adds_codes,
    complexity_of,
)

__all__ = [
    "BOUNDS_US",
    "Complexity",
    "EngineCounts",
    "EngineMetrics",
    "LatencyHistogram",
    "PolicyLedger",
    "PolicyMetrics",
    "Throughput",
    "adds_codes",
    "complexity_of",
]
