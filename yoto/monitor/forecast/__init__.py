"""Forecasts of the next minutes, anomalies, and drifts.

The library ``river`` takes a second to load, in which an event loop would stand still, and some
85 MB; so the forecaster is a process of its own, which the first minute that is learned starts.
"""

from .events import ForecastAnomaly, ForecastDrift, news_of
from .forecaster import METRICS, Forecaster, LearnReport
from .forecasting import Forecasting
from .metric import Anomaly, Drift, Forecast, LastValue, NoForecast
from .process import ForecasterProcess
from .snapshot import ForecastReport, ForecastSnapshot

__all__ = [
    "METRICS",
    "Anomaly",
    "Drift",
    "Forecast",
    "ForecastAnomaly",
    "ForecastDrift",
    "Forecaster",
    "ForecasterProcess",
    "Forecasting",
    "LearnReport",
    "LastValue",
    "NoForecast",
    "ForecastSnapshot",
    "ForecastReport",
    "news_of",
]
