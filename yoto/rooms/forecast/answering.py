"""The forecaster's process: learns from each line of input, and replies with a snapshot."""

from __future__ import annotations

import os
import sys
from typing import Any

import msgspec

from .forecaster import Forecaster
from .metric import Forecast, NoForecast
from .snapshot import ForecastSnapshot, LearnRequest

# Workers that serve requests take precedence.
NICENESS = 5


def main() -> None:
    """Reply until the input ends, which it does with the worker."""
    os.nice(NICENESS)
    forecaster = Forecaster()
    request = msgspec.json.Decoder(LearnRequest)
    for line in sys.stdin.buffer:
        snapshot = answer(forecaster, request.decode(line))
        sys.stdout.buffer.write(msgspec.json.encode(snapshot) + b"\n")
        sys.stdout.buffer.flush()


def answer(forecaster: Forecaster, request: LearnRequest) -> ForecastSnapshot:
    """Let ``forecaster`` learn; returns its new state."""
    report = forecaster.learn(request.summaries)
    forecasts = forecaster.forecasts()
    return ForecastSnapshot(
        offered=_only(forecasts, Forecast),
        silent=_only(forecasts, NoForecast),
        lasts=forecaster.lasts(),
        scores=forecaster.scores(),
        anomalies=forecaster.anomalies(),
        drifts=forecaster.drifts(),
        learned_to=forecaster.learned_to,
        report=report,
    )


def _only(forecasts: dict[str, Forecast | NoForecast], kind: type[Any]) -> dict[str, Any]:
    return {name: one for name, one in forecasts.items() if isinstance(one, kind)}
