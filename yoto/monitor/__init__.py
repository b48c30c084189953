"""Metrics of the platform: recording, storage, display, health and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from . import metric_names as names
from . import signal_names as signals
from .recording import Counter, Distribution, Histogram, Recorder, Series, series
from .tunables import BULKHEAD
from .tunables import LIVE as LIVE_TUNABLES
from .tunables import RATE_LIMIT, TUNABLES, tunable_of

if TYPE_CHECKING:
    from .watching import *  # noqa: F401, F403
else:
    # Guards need only recording and tuning; the rest is for people who watch them.
    __getattr__ = exports(__name__, rest=".watching")

__all__ = [
    "BULKHEAD",
    "TUNABLES",
    "LIVE_TUNABLES",
    "RATE_LIMIT",
    "Counter",
    "Distribution",
    "Histogram",
    "Recorder",
    "Series",
    "tunable_of",
    "names",
    "series",
    "signals",
]
