"""What evaluating policies costs and gives, by engine and by policy."""

from app.core.policy.metrics.complexity import Complexity, complexity_of
from app.core.policy.metrics.counts import EngineCounts, EngineMetrics
from app.core.policy.metrics.histogram import BOUNDS_US, LatencyHistogram
from app.core.policy.metrics.ledger import PolicyLedger
from app.core.policy.metrics.per_policy import PolicyMetrics
from app.core.policy.metrics.throughput import Throughput

__all__ = [
    "BOUNDS_US",
    "Complexity",
    "EngineCounts",
    "EngineMetrics",
    "LatencyHistogram",
    "PolicyLedger",
    "PolicyMetrics",
    "Throughput",
    "complexity_of",
]
