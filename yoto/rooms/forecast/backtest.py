"""The quality of forecasts, compared with the naive forecast. Pure.

Every forecast is made before its value is known, and judged when it is (prequential evaluation,
Dawid 1984). The result is the mean absolute error over that of the naive forecast, which is
the last value (the relative MAE of Hyndman and Koehler 2006): below 1 is better than naive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from math import isfinite
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


# Steps after which an old error counts half, since recent quality matters most.
HALF_LIFE = 120.0
# Errors of each lead from which intervals are computed.
KEPT_ERRORS = 240
_DECAY = 0.5 ** (1 / HALF_LIFE)


class Backtest:
    """Judges one model.

    Attributes:
        tests: number of values that forecasts were compared with.
    """

    def __init__(self, leads: int) -> None:
        """``leads``: steps ahead for which there are forecasts."""
        self._leads = leads
        self._paths: deque[tuple[int, float, Sequence[float]]] = deque(maxlen=leads)
        self._errors: list[deque[float]] = [deque(maxlen=KEPT_ERRORS) for _ in range(leads)]
        self._own = self._naive = 0.0
        self.tests = 0

    def forecast(self, step: int, value: float, path: Sequence[float]) -> None:
        """Record a forecast.

        Args:
            step: number of the step after which it was made.
            value: the value of that step.
            path: the expected values of the following steps.
        """
        self._paths.append((step, value, path))

    def observe(self, step: int, value: float) -> None:
        """Compare all forecasts of ``step``, at any lead, with its value."""
        judged = False
        self._own *= _DECAY
        self._naive *= _DECAY
        for made, then, path in self._paths:
            lead = step - made
            if 1 <= lead <= self._leads:
                error = value - path[lead - 1]
                self._errors[lead - 1].append(error)
                self._own += abs(error)
                self._naive += abs(value - then)
                judged = True
        self.tests += judged

    def ratio(self) -> float | None:
        """Mean absolute error over that of the naive forecast; None if the latter is nearly 0, or
        before the first test."""
        ratio = self._own / self._naive if self._naive > 0 else None
        return ratio if ratio is not None and isfinite(ratio) else None

    def margins(self, lead: int, share: float) -> tuple[float, float] | None:
        """The margins to add to a forecast so that ``share`` of the values lie between.

        Read from the errors themselves: no assumption of their distribution (split conformal
        prediction, with recent errors for the calibration set). None without errors.
        """
        errors = sorted(self._errors[lead - 1])
        if not errors:
            return None
        beyond = (1 - share) / 2
        return quantile(errors, beyond), quantile(errors, 1 - beyond)
