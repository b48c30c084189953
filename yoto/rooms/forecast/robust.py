"""Robust statistics, which a few wild values do not change much. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import median

# The factor that makes the median absolute deviation of normal values their standard deviation.
MAD_TO_SIGMA = 1.4826
# Errors below this share of the level are no anomaly, however steady the series was.
LEAST_SHARE = 1e-3
# A smaller scale is below the precision of any metric, so rounding errors are no surprise.
LEAST_SCALE = 1e-9
# The largest score, even of a perfectly steady series, since JSON knows no infinity.
MOST_SURPRISE = 1e6


def error_spread(errors: Collection[float], level: float) -> float:
    """The standard deviation of the bulk of ``errors``; above 0 if ``level`` is not 0."""
    middle = median(errors)
    deviation = median(abs(error - middle) for error in errors)
    return max(MAD_TO_SIGMA * deviation, LEAST_SHARE * abs(level))


def surprise(error: float, errors: Collection[float], level: float) -> float:
    """Standard deviations by which ``error`` differs from the usual ``errors``, at most
    ``MOST_SURPRISE``.

    Args:
        level: the usual magnitude of the values.
    """
    scale = max(error_spread(errors, level), LEAST_SCALE)
    return min(abs(error - median(errors)) / scale, MOST_SURPRISE)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that ``share`` of ``ordered`` do not exceed, between neighbours by proportion.

    ``ordered`` must be sorted and not empty.
    """
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
