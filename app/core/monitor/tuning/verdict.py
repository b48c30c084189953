"""Whether a change did harm: a measurement before and after it, with a margin for noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from math import sqrt
from statistics import fmean, variance

from ..history import Point, Summary, summarise
from ..scale import Direction
from ..units import MS, SHARE

# Stretches of time on each side; with fewer a mean tells nothing.
LEAST_READINGS = 5
# Of the mean before: a difference that nobody would act on.
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


def _p95(summary: Summary) -> float | None:
    return None if summary.request is None else summary.request.p95


# What may be judged: how it is read from a stretch of time, and on which side it is bad.
METRICS: dict[str, tuple[Callable[[Summary], float | None], Direction]] = {
    "l1_hit_rate": (lambda summary: summary.l1_hit_rate, Direction.LOW),
    "request_p95": (_p95, Direction.HIGH),
}

UNITS = {"l1_hit_rate": SHARE, "request_p95": MS}


def readings(points: Iterable[Point], metric: str) -> list[float]:
    """The values of a metric of ``METRICS``; stretches in which nobody measured are left out."""
    read, _ = METRICS[metric]
    values = (read(summarise(point)) for point in points)
    return [value for value in values if value is not None]


def judge(before: Sequence[float], after: Sequence[float], metric: str) -> Verdict:
    """How the mean has changed, beyond a margin and beyond what chance does."""
    if min(len(before), len(after)) < LEAST_READINGS:
        return Verdict.UNKNOWN
    was, became = fmean(before), fmean(after)
    noise = sqrt(variance(before) / len(before) + variance(after) / len(after))
    if abs(became - was) <= max(abs(was) * MARGIN, ERRORS * noise):
        return Verdict.SAME
    _, bad = METRICS[metric]
    return Verdict.WORSE if bad.falls_from(was, became) else Verdict.BETTER
