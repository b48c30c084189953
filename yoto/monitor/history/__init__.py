"""Records by time: resolutions, points, and the minute's summary. Pure."""

from .batch import Batch, Counters, Gauges, Histograms
from .point import Point, Readings
from .resolution import COARSE, FINE, MIDDLE, RESOLUTIONS, Resolution
from .summary import Quantiles, Summary, summarise

__all__ = [
    "COARSE",
    "FINE",
    "MIDDLE",
    "RESOLUTIONS",
    "Batch",
    "Counters",
    "Gauges",
    "Histograms",
    "Readings",
    "Point",
    "Quantiles",
    "Resolution",
    "Summary",
    "summarise",
]
