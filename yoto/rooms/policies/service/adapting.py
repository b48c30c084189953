"""Adapts to measurements: how long verdicts are reused, and how many are recorded."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from yoto.rooms.policies.decision_cache import DecisionCache
from yoto.rooms.policies.metrics.counts import EngineCounts, EngineMetrics, LatencyHistogram
from yoto.rooms.policies.recent import RecentInputs
from yoto.store.columns import utcnow

# s between two looks.
ADAPT_SECONDS = 5.0
# us. A cheaper decision needs no help; a dearer one is reused longer and recorded less often.
DEAR_US = 500.0
CHEAP_US = 200.0
# Decisions since the last look without which nothing is concluded.
MINIMUM = 100
WIDER = 2.0
# A cache with a lower hit rate than this gains nothing from keeping longer.
USELESS_HIT_RATE = 0.02
SAMPLED = 0.1
KEPT_ACTIONS = 50


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One change that was made.

    Attributes:
        setting: ``"cache_seconds"``, or ``"explanation_share"``: the share of the offered decisions
            that are recorded with input and reasons.
        old, new: its values.
        why: the figures that led to it.
    """

    at: datetime
    setting: str
    old: float
    new: float
    why: str


@dataclass(frozen=True, slots=True)
class Tunables:
    """The tunables, with their present values."""

    cache_seconds: float
    explanation_share: float


class AdaptivePart:
    """Decides from time to time, and remembers what it did. Safe for threads."""

    def __init__(self, cache_seconds: float, cache_seconds_max: float) -> None:
        """``cache_seconds`` is the configured value, which is restored later."""
        self._configured = cache_seconds
        self._longest = max(cache_seconds, cache_seconds_max)
        self._seen: EngineCounts | None = None
        self._latencies: LatencyHistogram | None = None
        self._done: deque[Adaptation] = deque(maxlen=KEPT_ACTIONS)
        self._lock = threading.Lock()

    def work(self, metrics: EngineMetrics, cache: DecisionCache, recent: RecentInputs) -> float:
        """Adapt to the measurements since the last call; seconds until the next time."""
        before, self._latencies = self._latencies, metrics.latency.snapshot()
        p95_us = None if before is None else self._latencies.since(before).quantile(0.95)
        tunables = self.review(metrics.read(), p95_us, Tunables(cache.seconds, recent.share))
        cache.seconds, recent.share = tunables.cache_seconds, tunables.explanation_share
        return ADAPT_SECONDS

    def review(self, counts: EngineCounts, p95_us: float | None, tunables: Tunables) -> Tunables:
        """The tunables to set, by the counts so far.

        Args:
            p95_us: the latency that 95 % of evaluations do not exceed; None: not known.
        """
        with self._lock:
            before, self._seen = self._seen, counts
            if before is None or p95_us is None:
                return tunables
            decisions = counts.decisions - before.decisions
            if decisions < MINIMUM:
                self._seen = before
                return tunables
            why = f"p95 {p95_us:.0f} us, {decisions} decisions"
            return Tunables(
                self._cache_seconds(before, counts, p95_us, tunables.cache_seconds, why),
                self._explanation_share(p95_us, tunables.explanation_share, why),
            )

    def actions(self) -> Sequence[Adaptation]:
        """The actions so far, oldest first."""
        with self._lock:
            return list(self._done)

    def _cache_seconds(
        self, before: EngineCounts, now: EngineCounts, p95_us: float, old: float, why: str
    ) -> float:
        hits = now.cache_hits - before.cache_hits
        asked = hits + now.cache_misses - before.cache_misses
        new = old
        if p95_us >= DEAR_US and asked and hits / asked >= USELESS_HIT_RATE:
            new = min(old * WIDER, self._longest)
        elif p95_us <= CHEAP_US:
            new = self._configured
        rate = f"{hits / asked:.0%} of {asked} from the cache" if asked else "none may be cached"
        return self._set("cache_seconds", old, new, f"{why}, {rate}")

    def _explanation_share(self, p95_us: float, old: float, why: str) -> float:
        new = SAMPLED if p95_us >= DEAR_US else 1.0 if p95_us <= CHEAP_US else old
        return self._set("explanation_share", old, new, why)

    def _set(self, setting: str, old: float, new: float, why: str) -> float:
        if new != old:
            self._done.append(Adaptation(utcnow(), setting, old, new, why))
        return new
