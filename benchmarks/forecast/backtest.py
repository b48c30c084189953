"""Feeds a series to a forecaster, step by step, and compares its forecasts with the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoto.rooms.forecast.metric import LEADS, STEP, Forecast, MetricForecaster

# Steps after a planted anomaly in which an alarm counts for it.
AFTERMATH = 15


@dataclass
class Outcome:
    """One series.

    Attributes:
        ratio: mean absolute error of the offered forecasts over the naive one's; None: none was.
        offered: share of the steps with an offer.
        covered: share of the next values inside the interval.
        planted, found: anomalies put in, and those that were noticed.
        false_alarms: alarms without a planted anomaly.
        drifts: changes of nature that were noticed.
    """

    series: str
    ratio: float | None
    offered: float
    covered: float | None
    planted: int
    found: int
    false_alarms: int
    drifts: int


def backtest(
    forecaster: MetricForecaster,
    values: Sequence[float | None],
    planted: Sequence[int],
    warm_up: int,
) -> Outcome:
    """The outcome of a series for a forecaster that knows nothing yet.

    Args:
        values: one a step; None: nothing was measured.
        planted: steps at which an anomaly begins that it should notice.
        warm_up: steps that do not count, since it cannot know enough.
    """
    paths: dict[int, tuple[float, Forecast]] = {}
    own = naive = 0.0
    offered = inside = compared = 0
    alarms: list[int] = []
    for step, value in enumerate(values):
        if value is None:
            continue
        for lead in range(1, LEADS + 1):
            if (made := paths.get(step - lead)) is not None:
                own += abs(value - made[1].values[lead - 1])
                naive += abs(value - made[0])
        if (made := paths.get(step - 1)) is not None:
            compared += 1
            inside += made[1].lower[0] <= value <= made[1].upper[0]
        before = len(forecaster.anomalies)
        forecaster.learn(step * STEP, value)
        alarms += [one.at // STEP for one in list(forecaster.anomalies)[before:]]
        said = forecaster.forecast()
        if isinstance(said, Forecast):
            offered += step >= warm_up
            paths[step] = value, said
        paths.pop(step - LEADS, None)
    found = sum(any(at <= alarm < at + AFTERMATH for alarm in alarms) for at in planted)
    false = [one for one in alarms if not any(at <= one < at + AFTERMATH for at in planted)]
    return Outcome(
        forecaster.name,
        round(own / naive, 2) if naive else None,
        round(offered / (len(values) - warm_up), 2),
        round(inside / compared, 2) if compared else None,
        len(planted),
        found,
        len(false),
        len(forecaster.drifts),
    )
