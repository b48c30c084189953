"""How good forecasts are, on series whose nature is known and on series of a real run.

``python -m benchmarks forecast [--recorded FILE] [--json FILE]`` makes three days of minutes of
each shape, with levels, trends, seasons, shifts and noise, plants spikes in them, and lets the
forecaster learn one minute after the other; then it does the same with what the monitor measured
while the platform ran (``benchmarks/data/run.json``, or FILE). For each series it prints the error
of the forecasts that were offered over that of the naive one (the last value stays), for what share
of the minutes one was offered, how many values lay in the interval, which of the planted anomalies
were found, and what else was called one.

``python -m benchmarks forecast --record FILE [--seconds N]`` makes such a recording: it starts the
platform, plays the load of ``load`` to it, and reads from its monitor what that did.
"""

from benchmarks.forecast.report import main

__all__ = ["main"]
