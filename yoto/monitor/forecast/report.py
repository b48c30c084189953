"""The report of the forecasting worker to all others."""

from __future__ import annotations

import msgspec

from .snapshot import ForecastSnapshot

# s after which a report is out of date: each minute brings a new one.
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
        """The report that ``encode`` gave."""
        return msgspec.json.decode(stored, type=cls)

    def encode(self) -> bytes:
        """As it is stored."""
        return msgspec.json.encode(self)

    def is_old(self, now: float) -> bool:
        """Whether the worker should have published a newer one by ``now``."""
        return now - self.at > OLD_AFTER
