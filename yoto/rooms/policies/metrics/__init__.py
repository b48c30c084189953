"""Metrics of policy evaluations, by engine and by policy."""

from yoto.rooms.policies.metrics.counts import EngineCounts, EngineMetrics, Throughput
from yoto.rooms.policies.metrics.histogram import BOUNDS_US, LatencyHistogram
from yoto.rooms.policies.metrics.ledger import PolicyLedger
from yoto.rooms.policies.metrics.per_policy import (
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
