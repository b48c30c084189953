"""How good forecasts are, on series whose nature is known and on series of a real run.

``python -m benchmarks forecast [--recorded FILE] [--json FILE]`` makes three days of minutes of
each shape, with levels, trends, seasons, shifts and noise, plants spikes in them, and lets the
forecaster learn one minute after the other; then it does the same with the monitor's measurements
of a run of the platform (``benchmarks/data/run.json``, or FILE). For each series it prints the
error of the forecasts that were offered over that of the naive one (the last value stays), the
share of the minutes with an offer, how many values lay in the interval, which of the planted
anomalies were found, and the number of false alarms.

``python -m benchmarks forecast --record FILE [--seconds N]`` makes such a recording: it starts the
platform, plays the load of ``load`` to it, and reads the effect from its monitor.
"""

from benchmarks.forecast.report import main

__all__ = ["main"]
