"""The values that health and alerts check: measurements of the last minute, over all workers.

Rules may be on any series. A gauge gives the lowest and highest of its present readings, of which
the worse counts, a counter its rate a second, and a histogram its p95 in seconds. Besides, there
are the ``signals``, which are made from several series or from a part of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flask import Flask

from yoto.collectors.polled import STATE_NUMBERS
from yoto.monitor import names, signals
from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.health import Component, components_of
from yoto.monitor.history import Point
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.series_names import with_labels
from yoto.monitor.signals import Extent, Value
from yoto.monitor.summary import summarise
from yoto.resilience import Kind, Resilience, State

WINDOW = 60.0  # s
# s of which gauges are read. The rule decides how long something must hold: over a whole minute, a
# blip of a second would last for one. Slow sources repeat their last value for 15 s.
NOW = 15
# Facts that each worker observes by itself, even while those of other workers are unknown.
KNOWN_TO_EACH_WORKER = frozenset({names.REDIS_UP})
# Responses below which a share says nothing.
ENOUGH = 20
# Durations below which a p95 says nothing, since the first calls of a worker would decide it, and
# look-ups: each request makes several, and a worker that has begun just now knows no user.
MANY = 100

OPEN, ISOLATED = STATE_NUMBERS[State.OPEN], STATE_NUMBERS[State.ISOLATED]

Values = Mapping[str, Value]


def measured_values(monitoring: Monitoring) -> Callable[[], Values]:
    """A callable that returns the present values; unknown ones are None."""

    def values() -> Values:
        reading = monitoring.sums(WINDOW, NOW)
        values = values_of(*reading.points)
        if not reading.complete:
            # The values of one worker do not describe the platform.
            return {
                name: one if name in KNOWN_TO_EACH_WORKER else None for name, one in values.items()
            }
        return values

    return values


def health_components(app: Flask) -> tuple[Component, ...]:
    """The components of health, with the limits of the rules as operators have set them."""
    entries = Resilience.of(app).config.list(Kind.ALERT_RULE)
    return components_of(one.config for one in entries if isinstance(one.config, AlertRule))


def values_of(whole: Point, latest: Point) -> Values:
    """The values of ``WINDOW`` taken together; for gauges those of ``NOW``."""
    summary = summarise(whole)
    lookups = whole.counted(names.LOOKUPS, tier="l1")
    memory = whole.level(names.MEMORY_SHARE)
    response = summary.request
    return {
        **dict(_series(whole, latest)),
        **dict(_conditions(latest)),
        **{signal: _count(whole, *series) for signal, series in COUNTED.items()},
        signals.CACHE_HIT_RATE: summary.hit_rate if lookups >= MANY else None,
        signals.ERROR_RATE: summary.error_rate if summary.requests >= ENOUGH else None,
        signals.RESPONSE_MS: response.p95 if response and summary.requests >= MANY else None,
        signals.MEMORY_SHARE: None if memory is None else memory.highest,
    }


# The counters, and the values of one label that are counted.
COUNTED = {
    signals.DATABASE_FAILURES: (names.DATABASE_ERRORS, "kind", ("connection",)),
    signals.FAILED_SIGN_INS: (names.SIGN_INS, "outcome", ("failed", "locked_out")),
    signals.POLICY_ERRORS: (names.POLICY_EVALUATIONS, "outcome", ("error", "unavailable")),
}


def _count(whole: Point, name: str, label: str, values: tuple[str, ...]) -> float | None:
    """The count in the minute; None: nothing was recorded."""
    if not whole.counted(names.FLUSHED_SECONDS):
        return None
    return sum(whole.counted(name, **{label: value}) for value in values)


def _conditions(latest: Point) -> Iterator[tuple[str, Value]]:
    """Signals from gauges: states of breakers, dead letters and silent workers."""
    for gauge, level in latest.gauges.items():
        labels = dict(gauge.labels)
        if gauge.name == names.BREAKER_STATE:
            for signal, number in (
                (signals.BREAKER_OPEN, OPEN),
                (signals.BREAKER_ISOLATED, ISOLATED),
            ):
                in_it = float(level.highest == number)
                yield with_labels(signal, labels), in_it
        elif gauge.name == names.QUEUE_ITEMS and labels.get("state") == "dead":
            yield with_labels(signals.DEAD_LETTERS, {"kind": labels["kind"]}), level.highest
        elif gauge.name == names.WORKERS and labels.get("state") == "silent":
            yield signals.SILENT_WORKERS, level.highest


def _series(whole: Point, latest: Point) -> Iterator[tuple[str, Value]]:
    for gauge, level in latest.gauges.items():
        yield with_labels(gauge.name, dict(gauge.labels)), Extent(level.lowest, level.highest)
    for counter, added in whole.counters.items():
        yield with_labels(counter.name, dict(counter.labels)), added / whole.seconds
    for histogram, found in whole.histograms.items():
        p95 = found.quantile(0.95) if found.count >= MANY else None
        yield with_labels(histogram.name, dict(histogram.labels)), p95
