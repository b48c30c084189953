"""What the platform does, in numbers: recorded, kept and shown; how healthy it is, and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from . import metric_names as names
from . import signal_names as signals
from .history import (
    COARSE,
    FINE,
    MIDDLE,
    RESOLUTIONS,
    Point,
    Quantiles,
    Readings,
    Resolution,
    Summary,
    summarise,
)
from .process import resident_bytes
from .recording import Counter, Distribution, Gauge, Histogram, Recorder, Series, series
from .scale import Direction, Extent, Value
from .sources import Counted, Measured, Sample, Source, Spread
from .tuning import (
    BULKHEAD,
    LEVERS,
)
from .tuning import LIVE as LIVE_LEVERS
from .tuning import (
    METRICS,
    PLAIN,
    RATE_LIMIT,
    Guards,
    Lever,
    Picture,
    QueuePicture,
    StorePicture,
    Suggestion,
    Verdict,
    judge,
    lever_of,
    picture_of,
    readings,
    unit_of_measure,
)
from .units import unit_of

if TYPE_CHECKING:
    from .watching import *  # noqa: F401, F403
else:
    # Guards count and are tuned; the rest is for whoever watches them.
    __getattr__ = exports(__name__, rest=".watching")

__all__ = [
    "BULKHEAD",
    "COARSE",
    "FINE",
    "LEVERS",
    "LIVE_LEVERS",
    "METRICS",
    "PLAIN",
    "RATE_LIMIT",
    "MIDDLE",
    "RESOLUTIONS",
    "Counted",
    "Counter",
    "Direction",
    "Extent",
    "Distribution",
    "Gauge",
    "Guards",
    "Histogram",
    "Lever",
    "Measured",
    "Picture",
    "Point",
    "Quantiles",
    "QueuePicture",
    "Readings",
    "Recorder",
    "Resolution",
    "Sample",
    "Series",
    "Source",
    "Spread",
    "StorePicture",
    "Suggestion",
    "Summary",
    "Value",
    "Verdict",
    "judge",
    "lever_of",
    "names",
    "picture_of",
    "readings",
    "resident_bytes",
    "series",
    "signals",
    "summarise",
    "unit_of",
    "unit_of_measure",
]
