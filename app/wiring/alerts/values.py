"""What alerts judge: the measurements of the last minute, over all workers.

The rules of the platform need four of them. Operators may have rules on any other: of each series a
gauge's lowest and highest reading, of which the worse counts, a counter's rate a second, and the
p95 of a histogram, in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from app.core.monitor import (
    CACHE_HIT_RATE,
    ERROR_RATE,
    MEMORY_SHARE,
    RESPONSE_MS,
    Extent,
    Monitoring,
    Point,
    Value,
    format_series,
    names,
    summarise,
)

WINDOW = 60.0  # s
# Answers, and look-ups, below which a share or a quantile says nothing.
ENOUGH = 20

Values = Mapping[str, Value]


def measured_values(monitoring: Monitoring) -> Callable[[], Values]:
    """A callable that gives the values of now; one that is not known is None."""

    def values() -> Values:
        reading = monitoring.recent(WINDOW)
        if not reading.complete:
            # What one worker saw is not how the platform is.
            return dict.fromkeys((CACHE_HIT_RATE, ERROR_RATE, MEMORY_SHARE, RESPONSE_MS))
        return values_of(reading.points)

    return values


def values_of(points: list[Point]) -> Values:
    """The values of some points taken together."""
    whole = Point(0, max(1, round(WINDOW)))
    for point in points:
        whole.merge(point)
    summary = summarise(whole)
    lookups = whole.counted(names.LOOKUPS, tier="l1")
    memory = whole.level(names.MEMORY_SHARE)
    served = summary.requests >= ENOUGH
    return {
        **dict(_series(whole)),
        CACHE_HIT_RATE: summary.hit_rate if lookups >= ENOUGH else None,
        ERROR_RATE: summary.error_rate if served else None,
        RESPONSE_MS: summary.request.p95 if served and summary.request else None,
        MEMORY_SHARE: None if memory is None else memory.highest,
    }


def _series(whole: Point) -> Iterator[tuple[str, Value]]:
    for gauge, level in whole.gauges.items():
        yield format_series(gauge.name, dict(gauge.labels)), Extent(level.lowest, level.highest)
    for counter, added in whole.counters.items():
        yield format_series(counter.name, dict(counter.labels)), added / whole.seconds
    for histogram, found in whole.histograms.items():
        p95 = found.quantile(0.95) if found.count >= ENOUGH else None
        yield format_series(histogram.name, dict(histogram.labels)), p95
