"""Metrics of the policies in this process, by engine."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

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


# Policies choose their codes; one that makes up ever new ones must not fill the memory.
MAX_CODES = 500
OTHER_CODES = "(other)"
# The span of the recent rate.
WINDOW_SECONDS = 10


class Throughput:
    """The recent rate a second; not thread-safe."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._seconds: dict[int, int] = {}

    def add(self) -> None:
        """Count one."""
        second = int(self._clock())
        if second not in self._seconds:
            oldest = second - WINDOW_SECONDS
            self._seconds = {at: count for at, count in self._seconds.items() if at >= oldest}
            self._seconds[second] = 0
        self._seconds[second] += 1

    def per_second(self) -> float:
        """The mean over the last ``WINDOW_SECONDS`` whole seconds, or since the beginning."""
        now = self._clock()
        current = int(now)
        window = min(float(WINDOW_SECONDS), now - self._began)
        if window < 1:
            return float(sum(self._seconds.values()))
        counted = sum(
            count for at, count in self._seconds.items() if current - WINDOW_SECONDS <= at < current
        )
        return counted / window


@dataclass(frozen=True, slots=True)
class EngineCounts:
    """A reading of ``EngineMetrics``.

    Attributes:
        decisions: decisions given, from the cache or evaluated.
        evaluations: requests to the engine.
        errors, unavailable: evaluations that failed, and those without an engine; all denied.
        denies: decisions that denied; ``denies_by_code`` counts each of their codes.
        cache_hits, cache_misses: of decisions that may be cached; ``uncacheable`` are the others.
        per_second: decisions a second, lately.
    """

    decisions: int
    evaluations: int
    errors: int
    unavailable: int
    denies: int
    cache_hits: int
    cache_misses: int
    uncacheable: int
    per_second: float
    denies_by_code: dict[str, int] = field(default_factory=dict)


class EngineMetrics:
    """Counters of one engine. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._throughput = Throughput(clock)
        self.latency = LatencyHistogram()

    def decided(self, allow: bool, codes: Sequence[str], cached: bool | None) -> None:
        """Count a decision; ``cached``: whether it came from the cache, None: it may not."""
        kind = {True: "cache_hits", False: "cache_misses", None: "uncacheable"}[cached]
        with self._lock:
            self._throughput.add()
            self._counts["decisions"] += 1
            self._counts[kind] += 1
            if not allow:
                self._counts["denies"] += 1
                for code in codes:
                    known = code in self._codes or len(self._codes) < MAX_CODES
                    self._codes[code if known else OTHER_CODES] += 1

    def evaluated(self, latency_us: float) -> None:
        """Count an evaluation that gave a verdict."""
        with self._lock:
            self._counts["evaluations"] += 1
            self.latency.add(latency_us)

    def failed(self, unavailable: bool) -> None:
        """Count an evaluation that gave none."""
        with self._lock:
            self._counts["evaluations"] += 1
            self._counts["unavailable" if unavailable else "errors"] += 1

    def read(self) -> EngineCounts:
        """The counts now."""
        with self._lock:
            count = self._counts
            return EngineCounts(
                decisions=count["decisions"],
                evaluations=count["evaluations"],
                errors=count["errors"],
                unavailable=count["unavailable"],
                denies=count["denies"],
                cache_hits=count["cache_hits"],
                cache_misses=count["cache_misses"],
                uncacheable=count["uncacheable"],
                per_second=self._throughput.per_second(),
                denies_by_code=dict(self._codes),
            )
