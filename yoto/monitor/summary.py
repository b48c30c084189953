"""One minute of the platform in some twenty numbers: the input of the forecaster.

A summary is made when it is read, from the minute's point, which every worker adds to each second.
So it needs no elected writer, includes late deliveries, and survives a restart of all workers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from . import metric_names as names
from .distribution import Distribution
from .history import Point, Readings


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Milliseconds that 50, 95 and 99 % of the calls did not exceed."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, found: Distribution) -> Quantiles | None:
        """The quantiles of a histogram; None without calls."""
        shares = [found.quantile(share) for share in (0.5, 0.95, 0.99)]
        p50, p95, p99 = (None if one is None else round(one * 1000, 4) for one in shares)
        if p50 is None or p95 is None or p99 is None:
            return None
        return cls(p50, p95, p99)


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of ``seconds`` from ``at``, over all workers. None: nothing was measured.

    Attributes:
        at: epoch seconds, by the clock of the store.
        workers: number that recorded, on average.
        requests, errors: HTTP responses, and those of status 500 and above.
        request_rate: responses a second.
        error_rate: errors among the responses, 0 to 1.
        decisions, allowed, denied: verdicts.
        check_errors: checks that ended without one.
        hit_rate, l1_hit_rate, l2_hit_rate: shares of look-ups that any tier served, and that each
            tier served among those that reached it, 0 to 1.
        check, load, request: times of checks outside the fast path, of loads, of requests.
        staleness: time from a change's entry in the log to its application by a worker.
        memory_bytes: memory of one worker, on average.
        cpu: seconds of CPU time a second, for all workers together.
    """

    at: int
    seconds: int
    workers: float
    requests: int
    errors: int
    request_rate: float
    error_rate: float | None
    decisions: int
    allowed: int
    denied: int
    check_errors: int
    hit_rate: float | None
    l1_hit_rate: float | None
    l2_hit_rate: float | None
    check: Quantiles | None
    load: Quantiles | None
    request: Quantiles | None
    staleness: Quantiles | None
    memory_bytes: float | None
    cpu: float

    def to_plain(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


def summarise(point: Point) -> Summary:
    """The summary of a point, whatever its length."""
    requests = point.counted(names.REQUESTS)
    errors = point.counted(names.REQUESTS, status="5xx")
    allowed = point.counted(names.CHECKS, result="allowed")
    denied = point.counted(names.CHECKS, result="denied")
    l1_hits, l1_misses = _hits(point, "l1")
    l2_hits, l2_misses = _hits(point, "l2")
    bypassed = point.counted(names.LOOKUPS, tier="l1", result="bypassed")
    return Summary(
        at=point.at,
        seconds=point.seconds,
        workers=round(point.counted(names.FLUSHED_SECONDS) / point.seconds, 2),
        requests=int(requests),
        errors=int(errors),
        request_rate=requests / point.seconds,
        error_rate=_share(errors, requests),
        decisions=int(allowed + denied),
        allowed=int(allowed),
        denied=int(denied),
        check_errors=int(point.counted(names.CHECK_ERRORS)),
        hit_rate=_share(l1_hits + l2_hits, l1_hits + l1_misses + bypassed),
        l1_hit_rate=_share(l1_hits, l1_hits + l1_misses),
        l2_hit_rate=_share(l2_hits, l2_hits + l2_misses),
        check=Quantiles.of(point.distribution(names.CHECK_TIME)),
        load=Quantiles.of(point.distribution(names.LOAD_TIME)),
        request=Quantiles.of(point.distribution(names.REQUEST_TIME)),
        staleness=Quantiles.of(point.distribution(names.STALENESS)),
        memory_bytes=_mean(point.level(names.MEMORY)),
        cpu=point.counted(names.CPU) / point.seconds,
    )


def _hits(point: Point, tier: str) -> tuple[float, float]:
    return (
        point.counted(names.LOOKUPS, tier=tier, result="hit"),
        point.counted(names.LOOKUPS, tier=tier, result="miss"),
    )


def _share(part: float, whole: float) -> float | None:
    return min(1.0, part / whole) if whole else None


def _mean(level: Readings | None) -> float | None:
    return None if level is None else level.mean
