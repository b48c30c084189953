"""Counts of one engine in this process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from yoto.rooms.policies.metrics.histogram import LatencyHistogram

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
