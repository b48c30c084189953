"""Metrics of policy evaluations, by engine and by policy."""

from yoto.rooms.policies.metrics.counts import (
    BOUNDS_US,
    EngineCounts,
    EngineMetrics,
    LatencyHistogram,
    Throughput,
)
from yoto.rooms.policies.metrics.per_policy import (
    Complexity,
    PolicyLedger,
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
