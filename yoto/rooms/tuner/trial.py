"""A change under observation, and the next action on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean, variance
from typing import Any

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


# Share of the window: the time before a change is judged, since memory fills only as it is asked.
SETTLE = 0.2
# Multiple of the time that a verdict needs, after which none will come.
PATIENCE = 3
# Why a trial ends whose setting no longer belongs to the tuner.
OVERRULED = "an operator has set it"
# Why a trial ends whose value is not in force: the process that began it could not finish.
NOT_APPLIED = "it was not applied"
_TOO_LITTLE = "was measured too little to tell"
_VERDICT = re.compile(
    rf".+ was (?P<before>\S+) and became (?P<after>\S+): (?P<verdict>{'|'.join(Verdict)})"
)

# The points that began in [since, until), epoch s.
Points = Callable[[float, float], Sequence[Point]]


class TuningStep(StrEnum):
    """The next action on a trial."""

    WAIT = "wait"
    KEEP = "keep"
    REVERT = "revert"


@dataclass(frozen=True, slots=True)
class Trial:
    """One change of one setting.

    Attributes:
        setting: the changed setting.
        before: its value in the tuner's layer until then; None: it had none.
        value: the value on trial.
        metric: the measurement that must not get worse.
        at: epoch s at which it was made, by the clock of the monitor's store.
    """

    setting: str
    before: float | None
    value: float
    metric: str
    at: float

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Trial | None:
        """The trial of an entry's field."""
        if stored is None:
            return None
        # 1.0.0 also stored whether it had begun one itself.
        return cls(**{name: value for name, value in stored.items() if name != "by_itself"})

    def to_plain(self) -> dict[str, Any]:
        """The trial in its stored form."""
        return asdict(self)

    @property
    def id(self) -> str:
        """The id of the suggestion that was followed."""
        return f"{self.setting}={self.value:.10g}"


def next_step(trial: Trial, now: float, window: float, points: Points) -> tuple[TuningStep, str]:
    """The next action on ``trial``, and why.

    It is reverted only if it did harm, since an operator asked for it.
    """
    due = trial.at + window * (1 + SETTLE)
    if now < due:
        return TuningStep.WAIT, "it is being observed"
    before = readings(points(trial.at - window, trial.at), trial.metric)
    after = readings(points(max(due, now) - window, now), trial.metric)
    verdict = compare(before, after, trial.metric)
    if verdict is Verdict.UNKNOWN:
        why = f"{trial.metric} {_TOO_LITTLE}"
        if now < trial.at + PATIENCE * (due - trial.at):
            return TuningStep.WAIT, why
        return TuningStep.KEEP, why
    why = f"{trial.metric} was {fmean(before):.4g} and became {fmean(after):.4g}: {verdict.value}"
    return (TuningStep.REVERT if verdict is Verdict.WORSE else TuningStep.KEEP), why


def outcome_of(why: str) -> tuple[str, dict[str, float]]:
    """The end of a trial, by ``next_step`` or an operator's override, as a code and figures.

    The code is a verdict with ``before`` and ``after``, ``too_little``, ``overruled``,
    ``not_applied``, or empty for anything else.
    """
    found = _VERDICT.fullmatch(why)
    if found is not None:
        return found["verdict"], {
            "before": float(found["before"]),
            "after": float(found["after"]),
        }
    if why.endswith(_TOO_LITTLE):
        return "too_little", {}
    return {OVERRULED: "overruled", NOT_APPLIED: "not_applied"}.get(why, ""), {}
