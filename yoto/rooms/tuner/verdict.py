"""Whether a change did harm: a measurement before and after it, with a margin for noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean, variance

from yoto.monitor import names
from yoto.monitor.history import Point
from yoto.monitor.signals import MS, SHARE, Direction
from yoto.monitor.summary import summarise

# Measurements on each side; a mean of fewer proves nothing.
LEAST_READINGS = 5
# Share of the mean before: a smaller difference is ignored.
MARGIN = 0.05
# Standard errors of the difference of the means (Welch, Biometrika 34, 1947): one in forty such
# differences is chance.
ERRORS = 2.0


class Verdict(StrEnum):
    """``unknown``: too little was measured."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measurement to judge a change by.

    Attributes:
        read: reads it from a stretch of time; None: it was not measured.
        bad: the side on which values are bad.
        least: a smaller difference is ignored, however small the values are.
        unit: the unit of its values.
    """

    read: Callable[[Point], float | None]
    bad: Direction
    least: float = 0.0
    unit: str = SHARE


def _p95(point: Point) -> float | None:
    request = summarise(point).request
    return None if request is None else request.p95


METRICS: dict[str, Measure] = {
    "l1_hit_rate": Measure(lambda point: summarise(point).l1_hit_rate, Direction.LOW),
    "request_p95": Measure(_p95, Direction.HIGH, unit=MS),
}
# Prefixes of measurements of each pool and bulkhead: shares of the callers who had to wait for a
# connection, and who were rejected. Reductions are judged by them.
POOL_WAITS, BULKHEAD_REFUSALS = "pool_waits:", "bulkhead_refusals:"
# Share of the callers: fewer are no reason to enlarge a pool or a bulkhead either.
LEAST_SHARE = 0.01


def pool_waits(pool: str) -> str:
    """The measurement of callers who waited for a connection of ``pool``."""
    return f"{POOL_WAITS}{pool}"


def bulkhead_refusals(name: str) -> str:
    """The measurement of callers that the bulkhead ``name`` rejected."""
    return f"{BULKHEAD_REFUSALS}{name}"


def measure_of(metric: str) -> Measure:
    """The measurement of a metric.

    Raises:
        KeyError: there is no such metric.
    """
    if metric.startswith(POOL_WAITS):
        pool = metric.removeprefix(POOL_WAITS)
        return Measure(lambda point: _waits(point, pool), Direction.HIGH, LEAST_SHARE)
    if metric.startswith(BULKHEAD_REFUSALS):
        name = metric.removeprefix(BULKHEAD_REFUSALS)
        return Measure(lambda point: _refusals(point, name), Direction.HIGH, LEAST_SHARE)
    return METRICS[metric]


def unit_of_measure(metric: str) -> str | None:
    """The unit of a metric; None for one that no longer exists."""
    try:
        return measure_of(metric).unit
    except KeyError:
        return None


def _waits(point: Point, pool: str) -> float | None:
    takes = [
        point.counted(names.POOL_TAKES, pool=pool, outcome=outcome)
        for outcome in ("at_once", "waited", "timed_out")
    ]
    return sum(takes[1:]) / sum(takes) if sum(takes) else None


def _refusals(point: Point, name: str) -> float | None:
    refused = point.counted(names.REJECTIONS, kind="bulkhead", name=name)
    callers = refused + point.counted(names.PASSES, kind="bulkhead", name=name)
    return refused / callers if callers else None


def readings(points: Iterable[Point], metric: str) -> list[float]:
    """The values of a metric; stretches without a measurement are left out.

    Raises:
        KeyError: there is no such metric.
    """
    read = measure_of(metric).read
    values = (read(point) for point in points)
    return [value for value in values if value is not None]


def compare(before: Sequence[float], after: Sequence[float], metric: str) -> Verdict:
    """The change of the mean, if it is beyond a margin and beyond chance."""
    if min(len(before), len(after)) < LEAST_READINGS:
        return Verdict.UNKNOWN
    was, became = fmean(before), fmean(after)
    noise = sqrt(variance(before) / len(before) + variance(after) / len(after))
    measure = measure_of(metric)
    if abs(became - was) <= max(abs(was) * MARGIN, ERRORS * noise, measure.least):
        return Verdict.SAME
    return Verdict.WORSE if measure.bad.falls_from(was, became) else Verdict.BETTER
