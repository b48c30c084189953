"""Latencies as counts between fixed bounds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds in us; slower values are counted beyond the last.
BOUNDS_US = (
    *(10.0, 25.0, 50.0, 100.0, 250.0, 500.0),
    *(1e3, 2.5e3, 5e3, 10e3, 25e3, 50e3, 100e3, 250e3, 500e3, 1e6),
)


class LatencyHistogram:
    """Counts latencies in us; not thread-safe.

    Attributes:
        counts: values up to each of ``BOUNDS_US`` and above the one before; the last place counts
            those beyond all.
        total: the number of values.
        sum_us: their sum.
        max_us: the slowest.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_US) + 1)
        self.total = 0
        self.sum_us = 0.0
        self.max_us = 0.0

    def add(self, latency_us: float) -> None:
        """Count one latency."""
        self.counts[bisect_left(BOUNDS_US, latency_us)] += 1
        self.total += 1
        self.sum_us += latency_us
        self.max_us = max(self.max_us, latency_us)

    def quantile(self, share: float) -> float | None:
        """A bound in us that ``share`` (0 to 1) of the latencies do not exceed; None without any.

        If the bound is beyond the last one, the slowest value is returned.
        """
        return quantile(self.counts, share, self.max_us)

    def snapshot(self) -> LatencyHistogram:
        """A copy."""
        copy = LatencyHistogram()
        copy.counts = list(self.counts)
        copy.total, copy.sum_us, copy.max_us = sum(copy.counts), self.sum_us, self.max_us
        return copy

    def since(self, before: LatencyHistogram) -> LatencyHistogram:
        """The values since ``before`` was copied; the maximum covers all time."""
        rest = LatencyHistogram()
        rest.counts = [now - then for now, then in zip(self.counts, before.counts)]
        rest.total, rest.sum_us = sum(rest.counts), self.sum_us - before.sum_us
        rest.max_us = self.max_us
        return rest

    def to_plain(self) -> dict[str, object]:
        """JSON data: bound to count, how many, mean, quantiles and maximum, in us."""
        named = {f"{bound:g}": count for bound, count in zip(BOUNDS_US, self.counts)}
        return {
            "buckets_us": named | {"+Inf": self.counts[-1]},
            "count": self.total,
            "mean_us": self.sum_us / self.total if self.total else None,
            "p50_us": self.quantile(0.5),
            "p95_us": self.quantile(0.95),
            "p99_us": self.quantile(0.99),
            "max_us": self.max_us if self.total else None,
        }


def quantile(counts: Sequence[int], share: float, maximum: float) -> float | None:
    """See ``LatencyHistogram.quantile``."""
    total = sum(counts)
    if not total:
        return None
    below = 0
    for bound, count in zip(BOUNDS_US, counts):
        below += count
        if below >= share * total:
            return min(bound, maximum)
    return maximum
