"""What the next minutes will be like, what was not as expected, and what changed its nature.

The library ``river`` takes a second to load, in which an event loop would stand still, and some
85 MB; so what learns is a process of its own, which the first minute that is learned starts.
"""

from .forecaster import METRICS, Forecaster, LearnReport
from .forecasting import Forecasting
from .metric import Anomaly, Drift, Forecast, NoForecast
from .process import ForecasterProcess

__all__ = [
    "METRICS",
    "Anomaly",
    "Drift",
    "Forecast",
    "Forecaster",
    "ForecasterProcess",
    "Forecasting",
    "LearnReport",
    "NoForecast",
]
