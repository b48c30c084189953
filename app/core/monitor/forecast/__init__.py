"""What the next minutes will be like, what was not as expected, and what changed its nature.

The library ``river`` is loaded by the first thing that is learned, and by nothing else: it takes a
second, and some 85 MB.
"""

from .forecaster import METRICS, Forecaster, LearnReport
from .forecasting import Forecasting
from .metric import Anomaly, Drift, Forecast, NoForecast

__all__ = [
    "METRICS",
    "Anomaly",
    "Drift",
    "Forecast",
    "Forecaster",
    "Forecasting",
    "LearnReport",
    "NoForecast",
]
