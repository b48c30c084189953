"""The models that compete to forecast a metric, by ``river``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

HOUR_STEPS, DAY_STEPS = 60, 1440


@dataclass(frozen=True, slots=True)
class Shape:
    """The assumed shape of a series; see ``river.time_series.HoltWinters``.

    Attributes:
        name: its name.
        options: smoothing of level (alpha), trend (beta) and season (gamma), and its length.
    """

    name: str
    options: dict[str, Any]


def _season(steps: int, multiplicative: bool) -> dict[str, Any]:
    smoothing = {"alpha": 0.1, "beta": 0.005, "gamma": 0.1}
    return smoothing | {"seasonality": steps, "multiplicative": multiplicative}


SHAPES = (
    Shape("level", {"alpha": 0.2}),
    Shape("trend", {"alpha": 0.3, "beta": 0.05}),
    Shape("slow trend", {"alpha": 0.15, "beta": 0.02}),
    Shape("hour", _season(HOUR_STEPS, multiplicative=False)),
    Shape("hour, in proportion", _season(HOUR_STEPS, multiplicative=True)),
    # An additive season of a day would take days to learn, since river begins all of it at one.
    Shape("day, in proportion", _season(DAY_STEPS, multiplicative=True)),
)


class Candidate:
    """One model of one metric. If it cannot compute a value, it gives none."""

    def __init__(self, shape: Shape) -> None:
        self.name = shape.name
        self._make = _maker(shape)
        self._model = self._make()
        self._needs = max(2, shape.options.get("seasonality", 0))
        self._lessons = 0

    def learn(self, value: float) -> None:
        """Take the next value."""
        try:
            self._model.learn_one(value)
            self._lessons += 1
        except (ZeroDivisionError, OverflowError):
            # A multiplicative season fails at 0; it begins anew with later values.
            self._model, self._lessons = self._make(), 0

    def path(self, leads: int) -> Sequence[float] | None:
        """The forecast of the next steps; None while too little was learned."""
        if self._lessons < self._needs:
            return None
        try:
            found = [float(value) for value in self._model.forecast(leads)]
        except (ZeroDivisionError, OverflowError):
            return None
        return found if all(map(isfinite, found)) else None


class ChangeDetector:
    """Detects a change in the size of errors (ADWIN, Bifet and Gavaldà 2007)."""

    def __init__(self) -> None:
        from river.drift import ADWIN

        untyped: Any = ADWIN
        self._adwin = untyped()

    def changed(self, size: float) -> bool:
        """Take the size of the next error; returns whether the sizes have changed."""
        self._adwin.update(size)
        return bool(self._adwin.drift_detected)


def _maker(shape: Shape) -> Callable[[], Any]:
    from river.time_series import HoltWinters

    untyped: Any = HoltWinters
    return lambda: untyped(**shape.options)
