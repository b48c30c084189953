"""Whether a series of samples stays at its level: a robust slope against a bound.

The slope is that of Theil and Sen, the median of the slopes between all pairs of samples: a few
wild ones, such as a pause of the machine, do not move it. Its interval of confidence is Sen's, from
the variance of Kendall's S (P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's
Tau", Journal of the American Statistical Association 63, 1968). Samples that follow each other
closely are alike, which would make the interval too narrow; so medians of blocks are judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

HOUR = 3600.0
BLOCKS = 40
FEWEST = 8  # blocks from which a slope says something
Z = 2.576  # of 99 %, two-sided


class Outcome(StrEnum):
    """The outcome for a series."""

    STEADY = "steady"
    UNCLEAR = "unclear"
    DRIFTS = "DRIFTS"


@dataclass(frozen=True)
class Bound:
    """How fast a series may grow.

    Attributes:
        growth: in an hour, in the unit of the series.
        share: in an hour, as a share of its level, if that is more.
    """

    growth: float
    share: float = 0.0

    def allowed(self, level: float) -> float:
        """Units an hour at a level."""
        return max(self.growth, self.share * abs(level))


@dataclass(frozen=True)
class Slope:
    """Units a second, and what it is between with a confidence of 99 %."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """The verdict on a series; ``slope``, ``low``, ``high`` and ``allowed`` are units an hour."""

    name: str
    unit: str
    level: float
    slope: float
    low: float
    high: float
    allowed: float
    outcome: Outcome


def theil_sen(times: Sequence[float], values: Sequence[float]) -> Slope:
    """The slope of a series of at least two moments.

    Raises:
        ValueError: there are fewer.
    """
    n = len(times)
    slopes = sorted(
        (values[j] - values[i]) / (times[j] - times[i])
        for i in range(n)
        for j in range(i + 1, n)
        if times[j] != times[i]
    )
    if not slopes:
        raise ValueError("a slope needs two moments")
    spread = Z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((len(slopes) - spread) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    return Slope(median(slopes), slopes[low], slopes[high])


def blocks(
    times: Sequence[float], values: Sequence[float], number: int = BLOCKS
) -> tuple[list[float], list[float]]:
    """At most ``number`` medians of samples that follow each other, and their moments."""
    size = max(1, math.ceil(len(times) / number))
    starts = range(0, len(times), size)
    return (
        [median(times[start : start + size]) for start in starts],
        [median(values[start : start + size]) for start in starts],
    )


def judge(
    name: str, unit: str, times: Sequence[float], values: Sequence[float], bound: Bound
) -> Verdict:
    """Judge a series.

    It drifts if its slope is beyond the bound and is none by chance. It is unclear while the
    interval reaches beyond the bound all the same: a longer run would tell.
    """
    level = median(values)
    allowed = bound.allowed(level)
    if len(values) > 1 and min(values) == max(values):
        return Verdict(name, unit, level, 0, 0, 0, allowed, Outcome.STEADY)
    at, medians = blocks(times, values)
    if len(at) < FEWEST:
        return Verdict(name, unit, level, 0, -math.inf, math.inf, allowed, Outcome.UNCLEAR)
    slope = theil_sen(at, medians)
    middle, low, high = slope.middle * HOUR, slope.low * HOUR, slope.high * HOUR
    if middle > allowed and low > 0:
        outcome = Outcome.DRIFTS
    elif high > allowed:
        outcome = Outcome.UNCLEAR
    else:
        outcome = Outcome.STEADY
    return Verdict(name, unit, level, middle, low, high, allowed, outcome)


def table(verdicts: Sequence[Verdict]) -> str:
    """Markdown, those that drift first; those that never moved are only counted."""
    order = (Outcome.DRIFTS, Outcome.UNCLEAR, Outcome.STEADY)
    lines = [
        "| series | level | slope an hour | with 99 % between | allowed | |",
        "|---|---|---|---|---|---|",
    ]
    moved = [one for one in verdicts if one.low != 0 or one.high != 0]
    for one in sorted(moved, key=lambda one: (order.index(one.outcome), one.name)):
        lines.append(
            f"| {one.name} | {_short(one.level)} {one.unit} | {_short(one.slope)} |"
            f" {_short(one.low)} and {_short(one.high)} | {_short(one.allowed)} | {one.outcome} |"
        )
    if len(moved) < len(verdicts):
        lines.append(f"| {len(verdicts) - len(moved)} that never moved | | 0 | | | steady |")
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
