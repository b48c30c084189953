"""The hot path of recording: counters, gauges and histograms of one process."""

from .distribution import BOUNDS, Distribution, place
from .metrics import Counter, Histogram
from .recorder import COUNTER_ENDING, Recorder
from .series import Labels, Series, parse_series, series

__all__ = [
    "BOUNDS",
    "COUNTER_ENDING",
    "Counter",
    "Distribution",
    "Histogram",
    "Labels",
    "Recorder",
    "Series",
    "parse_series",
    "place",
    "series",
]
