"""Forecasts one metric, minute by minute."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .backtest import KEPT_ERRORS, Backtest
from .candidates import SHAPES, Candidate, ChangeDetector
from .robust import error_spread, surprise

STEP = 60  # s
LEADS = 5  # steps ahead
INTERVAL_SHARE = 0.9
# Tests before a forecast is offered, and the most that its error may be of the naive one's.
LEAST_TESTS = 60
MOST_RATIO = 0.9
# Minutes without a value that a model bridges by its forecast; after more it begins anew.
LONGEST_GAP = 30
# Standard deviations beyond which a value is no chance, and errors that must be known to decide. In
# normal noise that is one alarm in a thousand years; real noise has longer tails.
ALARM, LEAST_ERRORS = 6.0, 30
# Sizes of errors, in standard deviations, are cut here for the detector of change: one wild value
# is an anomaly and no other time.
MOST_SIZE = 5.0
MOST_ANOMALIES = 100
# Models learn a wild value as one so many standard deviations off, or a single one would mislead
# them for long (Gelper, Fried and Croux, Journal of Forecasting 29, 2010). What is wild for more
# steps than these is the new normal.
CUT, MOST_WILD = 2.0, 5
# Of the level, a step: it falls more slowly than any model forgets, so that the way back from a
# burst is no news.
LEVEL_KEPT = 0.9


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of the next steps.

    Attributes:
        metric: its name.
        made_at: epoch second at which the last known minute began.
        values: of the minutes after it; ``lower`` and ``upper`` hold nine in ten of the real ones.
        model: the candidate that made it.
        ratio: its recent error over that of the naive forecast.
        tests: forecasts that were compared with the real values.
    """

    metric: str
    made_at: int
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    model: str
    ratio: float
    tests: int


# Why no forecast is offered: too little was learned, or nothing beats the naive one.
HISTORY, NAIVE = "history", "naive"


@dataclass(frozen=True, slots=True)
class NoForecast:
    """No forecast is offered, and why: ``history`` (too little), ``naive`` (nothing is better than
    to say that all stays as it is)."""

    metric: str
    reason: str
    tests: int
    ratio: float | None


@dataclass(frozen=True, slots=True)
class LastValue:
    """The last value that was learned, of the minute that began at the epoch second ``at``."""

    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Minutes in a row that were not as expected.

    Attributes:
        at, until: epoch seconds at which the first and the last of them began.
        value, expected: of the minute that was furthest off.
        score: how far, in standard deviations of the error.
    """

    metric: str
    at: int
    until: int
    value: float
    expected: float
    score: float


@dataclass(frozen=True, slots=True)
class Drift:
    """From about here on the metric is harder, or easier, to foretell than before."""

    metric: str
    at: int


class MetricForecaster:
    """Learns one value a step, and offers a forecast only while one is better than none.

    Attributes:
        last: the value learned last; None: nothing yet.
        score: how surprising that was, in standard deviations; None: not known yet.
        anomalies, drifts: the latest, oldest first.
    """

    def __init__(self, name: str, low: float | None = None, high: float | None = None) -> None:
        """``low`` and ``high``: the bounds of the metric."""
        self.name = name
        self._low = float("-inf") if low is None else low
        self._high = float("inf") if high is None else high
        self.anomalies: deque[Anomaly] = deque(maxlen=MOST_ANOMALIES)
        self.drifts: deque[Drift] = deque(maxlen=MOST_ANOMALIES)
        self.last: LastValue | None = None
        self.score: float | None = None
        self._step: int | None = None
        self._value = 0.0
        self._begin()

    def learn(self, at: int, value: float) -> bool:
        """Take the value of the minute that begins at ``at``; whether it was new."""
        step = at // STEP
        if self._step is not None:
            if step <= self._step:
                return False
            if step - self._step > LONGEST_GAP:
                self._begin()
            else:
                self._bridge(step - self._step - 1)
        plausible = self._plausible_value(step, at, value)
        for candidate, backtest in self._field:
            candidate.learn(plausible)
            path = candidate.path(LEADS)
            if path is not None:
                backtest.forecast(step, value, [self._bounded(one) for one in path])
        self._step, self._value = step, plausible
        self.last = LastValue(at, value)
        return True

    def forecast(self) -> Forecast | NoForecast:
        """The forecast, or why there is none."""
        best = self._best()
        if best is None or self._step is None:
            tests = max(backtest.tests for _, backtest in self._field)
            # Where the last value was never wrong, no forecast can be better.
            reason = NAIVE if tests >= LEAST_TESTS else HISTORY
            return NoForecast(self.name, reason, tests, None)
        candidate, backtest, ratio = best
        path = candidate.path(LEADS)
        if ratio > MOST_RATIO or path is None:
            return NoForecast(self.name, NAIVE, backtest.tests, ratio)
        lower, upper = [], []
        for lead, value in enumerate(path, start=1):
            below, above = backtest.margins(lead, INTERVAL_SHARE) or (0.0, 0.0)
            lower.append(self._bounded(value + below))
            upper.append(self._bounded(value + above))
        values = [self._bounded(value) for value in path]
        made_at = self._step * STEP
        return Forecast(
            self.name, made_at, values, lower, upper, candidate.name, ratio, backtest.tests
        )

    def _begin(self) -> None:
        self._field = [(Candidate(shape), Backtest(LEADS)) for shape in SHAPES]
        self._errors: deque[float] = deque(maxlen=KEPT_ERRORS)
        self._detector = ChangeDetector()
        self._step = self.score = None
        self._wild = 0
        self._level = 0.0

    def _bridge(self, steps: int) -> None:
        """Let the models' time go on through minutes without data."""
        for _ in range(steps):
            for candidate, _ in self._field:
                path = candidate.path(1)
                candidate.learn(self._value if path is None else self._bounded(path[0]))

    def _plausible_value(self, step: int, at: int, value: float) -> float:
        """Compare the value with the forecast; returns the value for the models to learn."""
        plausible = value
        if self._step is not None:
            expected = self._expected()
            error = value - expected
            self.score = None
            self._level = max(abs(value), self._level * LEVEL_KEPT)
            if len(self._errors) >= LEAST_ERRORS:
                self.score = surprise(error, self._errors, self._level)
                if self.score > ALARM:
                    self._alarm(at, value, expected, self.score)
                scale = error_spread(self._errors, self._level)
                self._wild = self._wild + 1 if self.score > ALARM else 0
                if 0 < self._wild <= MOST_WILD:
                    plausible = expected + math.copysign(CUT * scale, error)
                size = min(MOST_SIZE, abs(error) / scale) if scale else 0.0
                if self._detector.changed(size):
                    self.drifts.append(Drift(self.name, at))
                    self._detector = ChangeDetector()
            self._errors.append(error)
        for _, backtest in self._field:
            backtest.observe(step, value)
        return plausible

    def _expected(self) -> float:
        """Of the next step, by the best model or, where none is good, by the last value."""
        best = self._best()
        if best is None or best[2] > MOST_RATIO:
            return self._value
        path = best[0].path(1)
        return self._value if path is None else self._bounded(path[0])

    def _alarm(self, at: int, value: float, expected: float, score: float) -> None:
        last = self.anomalies[-1] if self.anomalies else None
        if last is None or at - last.until > STEP:
            self.anomalies.append(Anomaly(self.name, at, at, value, expected, score))
        elif score > last.score:
            self.anomalies[-1] = Anomaly(self.name, last.at, at, value, expected, score)
        else:
            self.anomalies[-1] = Anomaly(
                self.name, last.at, at, last.value, last.expected, last.score
            )

    def _best(self) -> tuple[Candidate, Backtest, float] | None:
        """The model with the smallest error, among those that were tested enough."""
        tested = [
            (candidate, backtest, ratio)
            for candidate, backtest in self._field
            if backtest.tests >= LEAST_TESTS and (ratio := backtest.ratio()) is not None
        ]
        return min(tested, key=lambda one: one[2], default=None)

    def _bounded(self, value: float) -> float:
        return min(max(value, self._low), self._high)
