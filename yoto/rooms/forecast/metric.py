"""Forecasts one metric, minute by minute."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from .backtest import KEPT_ERRORS, Backtest, error_spread, surprise
from .candidates import SHAPES, Candidate, ChangeDetector

STEP = 60  # s
LEADS = 5  # steps ahead
INTERVAL_SHARE = 0.9
# Tests before a forecast is offered, and its highest allowed error relative to the naive one.
LEAST_TESTS = 60
MOST_RATIO = 0.9
# Minutes without a value that a model bridges by its own forecast; after more it begins anew.
LONGEST_GAP = 30
# Standard deviations beyond which a value is an anomaly, and errors that must be known to decide.
# Normal noise gives one such alarm in a thousand years; real noise has longer tails.
ALARM, LEAST_ERRORS = 6.0, 30
# Sizes of errors, in standard deviations, are cut here for the detector of change, since a single
# wild value is an anomaly, but no drift.
MOST_SIZE = 5.0
MOST_ANOMALIES = 100
# Models learn a wild value as if it were only ``CUT`` standard deviations off, since otherwise one
# would mislead them for long (Gelper, Fried and Croux, Journal of Forecasting 29, 2010). After
# ``MOST_WILD`` such steps in a row they are the new normal.
CUT, MOST_WILD = 2.0, 5
# Share of the level kept in each step: it falls more slowly than any model forgets, so that the way
# back from a burst is no anomaly.
LEVEL_KEPT = 0.9


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of the next steps.

    Attributes:
        metric: its name.
        made_at: epoch second at which the last known minute began.
        values: those of the following minutes; nine in ten real ones lie from ``lower`` to
            ``upper``.
        model: the candidate that made it.
        ratio: its recent error over that of the naive forecast.
        tests: number of forecasts that were compared with real values.
    """

    metric: str
    made_at: int
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    model: str
    ratio: float
    tests: int


# The reasons for no forecast: too little was learned, or no model beats the naive one.
HISTORY, NAIVE = "history", "naive"


@dataclass(frozen=True, slots=True)
class NoForecast:
    """The reason for no forecast: ``history`` (too little was learned), ``naive`` (no model is
    better than assuming that the value stays as it is)."""

    metric: str
    reason: str
    tests: int
    ratio: float | None


@dataclass(frozen=True, slots=True)
class LastValue:
    """The last learned value, and the epoch second ``at`` which its minute began."""

    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Consecutive minutes that were not as expected.

    Attributes:
        at, until: epoch seconds at which the first and the last of them began.
        value, expected: those of the minute with the largest deviation.
        score: that deviation in standard deviations of the error.
    """

    metric: str
    at: int
    until: int
    value: float
    expected: float
    score: float


@dataclass(frozen=True, slots=True)
class Drift:
    """A point from which the metric is harder, or easier, to forecast than before."""

    metric: str
    at: int


class MetricForecaster:
    """Learns one value a step, and offers a forecast only while a model is good enough.

    Attributes:
        last: the last learned value; None: there is none yet.
        score: its deviation from the forecast in standard deviations; None: unknown yet.
        anomalies, drifts: the latest ones, oldest first.
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
        """Learn the value of the minute that begins at ``at``; returns whether it was new."""
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
        """The forecast, or the reason why there is none."""
        best = self._best()
        if best is None or self._step is None:
            tests = max(backtest.tests for _, backtest in self._field)
            # If the naive forecast was never wrong, no model can be better.
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
        """Advance the models through minutes without data."""
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
        """The value expected next, by the best model or, if none is good, the last value."""
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
        """The model with the smallest error, among sufficiently tested ones."""
        tested = [
            (candidate, backtest, ratio)
            for candidate, backtest in self._field
            if backtest.tests >= LEAST_TESTS and (ratio := backtest.ratio()) is not None
        ]
        return min(tested, key=lambda one: one[2], default=None)

    def _bounded(self, value: float) -> float:
        return min(max(value, self._low), self._high)
