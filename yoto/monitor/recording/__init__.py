"""What the hot path touches: counters, gauges and histograms of one process."""

from .buckets import BOUNDS, place
from .distribution import Distribution
from .metrics import Counter, Gauge, Histogram
from .recorder import COUNTER_ENDING, Recorder
from .series import Labels, Series, parse_series, series

__all__ = [
    "BOUNDS",
    "COUNTER_ENDING",
    "Counter",
    "Distribution",
    "Gauge",
    "Histogram",
    "Labels",
    "Recorder",
    "Series",
    "parse_series",
    "place",
    "series",
]
