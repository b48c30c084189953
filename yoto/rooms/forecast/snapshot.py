"""Messages between a worker and its forecaster's process, a line of JSON each way, and the report
of the forecasting worker to all others."""

from __future__ import annotations

import msgspec

from yoto.monitor.summary import Summary

from .forecaster import LearnReport
from .metric import Anomaly, Drift, Forecast, LastValue, NoForecast


class LearnRequest(msgspec.Struct):
    """Minutes to learn."""

    summaries: list[Summary]


class ForecastSnapshot(msgspec.Struct):
    """The state of the forecaster after a message.

    Attributes:
        report: the result of learning; None: nothing was learned yet.
        offered, silent: forecasts by metric, and the reasons for missing ones. lasts, scores,
        anomalies, drifts: as in ``Forecaster``.
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


# s after which a report is out of date, since a new one comes each minute.
OLD_AFTER = 180.0


class ForecastReport(msgspec.Struct, frozen=True, rename={"snapshot": "said"}):
    """The forecaster's state in one worker at one moment.

    Attributes:
        at: epoch seconds, by the clock of the monitor's store.
        instance: the worker.
        snapshot: its forecasts, anomalies and drifts.
    """

    at: float
    instance: str
    snapshot: ForecastSnapshot

    @classmethod
    def decode(cls, stored: bytes) -> ForecastReport:
        """The report from the bytes that ``encode`` made."""
        return msgspec.json.decode(stored, type=cls)

    def encode(self) -> bytes:
        """The report as stored."""
        return msgspec.json.encode(self)

    def is_old(self, now: float) -> bool:
        """Whether the worker should have published a newer one by ``now``."""
        return now - self.at > OLD_AFTER
