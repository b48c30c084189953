"""Series that the monitor measured while the platform ran under a load of known nature."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.forecast.backtest import Outcome, backtest
from benchmarks.forecast.load import Planted
from yoto.rooms.forecast.forecaster import METRICS
from yoto.rooms.forecast.metric import MetricForecaster

RUN = Path(__file__).parents[1] / "data" / "run.json"
# Steps after which a forecaster can have been tested enough; earlier ones do not count.
WARM_UP = 90


class Recording(msgspec.Struct, frozen=True):
    """A run.

    Attributes:
        seconds: its length.
        planted: the anomalies in the load, which should be noticed.
        series: by metric, a value a second; None: nothing was measured.
    """

    seconds: int
    planted: tuple[Planted, ...]
    series: dict[str, list[float | None]]


def load(file: Path = RUN) -> Recording:
    """Read a recording.

    Raises:
        msgspec.ValidationError: that is none.
    """
    return msgspec.json.decode(file.read_bytes(), type=Recording)


def run(recording: Recording, name: str) -> Outcome:
    """Feed one series."""
    metric = METRICS[name]
    planted = [one.at for one in recording.planted if name in one.metrics]
    forecaster = MetricForecaster(name, metric.low, metric.high)
    return backtest(forecaster, recording.series[name], planted, WARM_UP)
