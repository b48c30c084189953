"""The values behind health and alert rules: their names, their units, and the bad side of a limit.

The caller passes them in one mapping, a metric name to a number, or None. None, or a missing name,
means unknown. A name may carry labels, as Prometheus writes them: ``memory_share{instance="a"}``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeAlias

from . import metric_names as names

# Share of look-ups that the cache served, 0 to 1.
CACHE_HIT_RATE = "cache_hit_rate"
# ms of a response.
RESPONSE_MS = "response_ms"
# Share of failed responses, 0 to 1.
ERROR_RATE = "error_rate"
# Share of the memory in use that all processes of a container, or of a host, share, 0 to 1.
MEMORY_SHARE = "memory_share"
# With the label ``name``: 1 while the breaker is open, or isolated by an operator, else 0.
BREAKER_OPEN = "breaker_open"
BREAKER_ISOLATED = "breaker_isolated"
# With the label ``kind``: dead letters of the batch queue.
DEAD_LETTERS = "dead_letters"
# Workers that fell silent within the last hour without announcing their end.
SILENT_WORKERS = "silent_workers"
# Counts of the last minute: statements that lost their connection, sign-ins that failed or were
# refused as too many, and policy evaluations without a verdict.
DATABASE_FAILURES = "database_failures"
FAILED_SIGN_INS = "failed_sign_ins"
POLICY_ERRORS = "policy_errors"

COUNT, SHARE, PER_SECOND, SECONDS, MS, BYTES = "count", "share", "per_second", "s", "ms", "bytes"

# Metrics whose names do not end in their unit.
_UNITS = {
    CACHE_HIT_RATE: SHARE,
    ERROR_RATE: SHARE,
    MEMORY_SHARE: SHARE,
    RESPONSE_MS: MS,
    names.LOG_SILENCE: SECONDS,
    names.STALENESS_WORST: SECONDS,
    names.QUEUE_AGE: SECONDS,
    names.INVALIDATION_AGE: SECONDS,
}
# Counters are watched as rates a second, whatever they count.
_ENDINGS = {
    "_total": PER_SECOND,
    "_per_second": PER_SECOND,
    "_share": SHARE,
    "_precision": SHARE,
    "_seconds": SECONDS,
    "_bytes": BYTES,
}


def unit_of(metric: str) -> str:
    """The unit of a metric in alert rules; ``count`` for pure counts."""
    found = _UNITS.get(metric)
    if found is None:
        found = next((unit for end, unit in _ENDINGS.items() if metric.endswith(end)), COUNT)
    return found


class Extent(NamedTuple):
    """The range of several readings at once, such as every worker's value of a gauge."""

    lowest: float
    highest: float


# None is unknown.
Value: TypeAlias = float | Extent | None


class Direction(StrEnum):
    """The side on which values are bad: ``low`` for a hit rate, ``high`` for a response time."""

    LOW = "low"
    HIGH = "high"

    def beyond(self, value: float, limit: float) -> bool:
        """Whether ``value`` is on the bad side; the limit itself is still good."""
        return value < limit if self is Direction.LOW else value > limit

    def worst(self, value: Value) -> float | None:
        """The part of ``value`` that counts: the bad end of an extent."""
        if isinstance(value, Extent):
            return value.lowest if self is Direction.LOW else value.highest
        return value

    def recovered(self, value: float, limit: float, margin: float) -> bool:
        """Whether ``value`` is on the good side by ``margin``, a share of the limit (0.05: 5 %)."""
        distance = abs(limit) * margin
        if self is Direction.LOW:
            return value >= limit + distance
        return value <= limit - distance

    def falls_from(self, better: float, worse: float) -> bool:
        """Whether ``worse`` lies further on the bad side than ``better``."""
        return self.beyond(worse, better)
