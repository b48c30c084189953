"""Past values of an alert rule, computed as its evaluations did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from yoto.collectors.values import COUNTED, WINDOW, Values, values_of
from yoto.monitor import names, signals
from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.history import COARSE, MIDDLE, Point
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.recording import COUNTER_ENDING
from yoto.monitor.series_names import name_and_labels

# Number of points beyond which a coarser resolution is read.
MOST_POINTS = 720
# The metrics from which each signal is made; other rules watch the metric that they name.
_MADE_OF = {
    signals.CACHE_HIT_RATE: names.LOOKUPS,
    signals.ERROR_RATE: names.REQUESTS,
    signals.MEMORY_SHARE: names.MEMORY_SHARE,
    signals.BREAKER_OPEN: names.BREAKER_STATE,
    signals.BREAKER_ISOLATED: names.BREAKER_STATE,
    signals.DEAD_LETTERS: names.QUEUE_ITEMS,
    signals.SILENT_WORKERS: names.WORKERS,
    **{signal: name for signal, (name, _, _) in COUNTED.items()},
}


@dataclass(frozen=True, slots=True)
class PastValues:
    """Values of one series over time.

    Attributes:
        points: pairs of epoch seconds and the value at that time; None: unknown. Times without kept
            records are left out.
        seconds: between two points.
        complete: False: only this worker's own records.
    """

    points: list[tuple[float, float | None]]
    seconds: int
    complete: bool


def past_values(
    monitoring: Monitoring, rule: AlertRule, labels: Mapping[str, str], begin: float, end: float
) -> PastValues:
    """The values of the series with these labels, as ``rule`` watches it, in [begin, end).

    Args:
        labels: an alert's: those of the series and of the rule.
        begin, end: epoch seconds; times that are no longer kept are left out.
    """
    reaches = monitoring.now() - begin <= MIDDLE.keep - WINDOW
    short = (end - begin) / MIDDLE.seconds <= MOST_POINTS
    resolution = MIDDLE if reaches and short else COARSE
    reading = monitoring.read(resolution, begin - WINDOW, end, _needed(rule.metric))
    found = [
        (at, value_of(values, rule, labels, recorded))
        for at, values, recorded in _windows(reading.points, resolution.seconds)
        if at >= begin
    ]
    return PastValues(found, resolution.seconds, reading.complete)


def value_of(
    values: Values, rule: AlertRule, labels: Mapping[str, str], recorded: bool
) -> float | None:
    """The value of one series among all; 0 for a counter without news while workers recorded."""
    for text, value in values.items():
        if not text.startswith(rule.metric):
            continue
        try:
            name, own = name_and_labels(text)
        except ValueError:  # evaluations cannot watch it either
            continue
        if name == rule.metric and {**own, **rule.labels} == labels:
            return rule.direction.worst(value)
    return 0.0 if recorded and rule.metric.endswith(COUNTER_ENDING) else None


def _needed(metric: str) -> Collection[str]:
    made_of = {_MADE_OF.get(metric, metric), names.FLUSHED_SECONDS}
    if metric == signals.RESPONSE_MS:
        made_of |= {names.REQUEST_TIME, names.REQUESTS}
    return made_of


def _windows(points: list[Point], seconds: int) -> Iterator[tuple[float, Values, bool]]:
    """For each point the values of the minute before its end; for gauges those of the point."""
    for place, latest in enumerate(points):
        whole = Point(latest.at, round(WINDOW))
        ends = latest.at + seconds
        for one in points[max(0, place + 1 - round(WINDOW) // seconds) : place + 1]:
            if one.at >= ends - WINDOW:
                whole.merge(one)
        yield ends, values_of(whole, latest), whole.counted(names.FLUSHED_SECONDS) > 0
