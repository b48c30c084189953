"""Messages between a worker and its forecaster's process: a line of JSON each way."""

from __future__ import annotations

import msgspec

from ..history import Summary
from .forecaster import LearnReport
from .metric import Anomaly, Drift, Forecast, LastValue, NoForecast


class LearnRequest(msgspec.Struct):
    """Minutes to learn."""

    summaries: list[Summary]


class ForecastSnapshot(msgspec.Struct):
    """The state of the forecaster after a message.

    Attributes:
        report: the result of learning; None: it got nothing to learn yet.
        offered, silent: forecasts by metric, and why there is none.
        lasts, scores, anomalies, drifts: as ``Forecaster`` has them.
        learned_to: epoch second at which the newest minute began.
    """

    offered: dict[str, Forecast] = {}
    silent: dict[str, NoForecast] = {}
    lasts: dict[str, LastValue] = {}
    scores: dict[str, float | None] = {}
    anomalies: list[Anomaly] = []
    drifts: list[Drift] = []
    learned_to: int | None = None
    report: LearnReport | None = None
