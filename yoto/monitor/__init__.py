"""Metrics of the platform: recording, storage, display, health and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from . import metric_names as names
from . import signal_names as signals
from .recording import Counter, Distribution, Histogram, Recorder, Series, series

if TYPE_CHECKING:
    from .watching import *  # noqa: F401, F403
else:
    # Guards need only recording; the rest is for people who watch them.
    __getattr__ = exports(__name__, rest=".watching")

__all__ = [
    "Counter",
    "Distribution",
    "Histogram",
    "Recorder",
    "Series",
    "names",
    "series",
    "signals",
]
