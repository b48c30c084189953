"""Metrics of the platform: recording, storage, display, health and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from . import metric_names as names
from . import signal_names as signals
from .levers import BULKHEAD, LEVERS
from .levers import LIVE as LIVE_LEVERS
from .levers import RATE_LIMIT, lever_of
from .recording import Counter, Distribution, Histogram, Recorder, Series, series

if TYPE_CHECKING:
    from .watching import *  # noqa: F401, F403
else:
    # Guards count and are tuned; the rest is for the people who watch them.
    __getattr__ = exports(__name__, rest=".watching")

__all__ = [
    "BULKHEAD",
    "LEVERS",
    "LIVE_LEVERS",
    "RATE_LIMIT",
    "Counter",
    "Distribution",
    "Histogram",
    "Recorder",
    "Series",
    "lever_of",
    "names",
    "series",
    "signals",
]
