"""Metrics of the platform: recording, storage, display, health and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yoto.lazy import exports

from . import metric_names as names
from . import signals
from .distribution import Distribution
from .recording import Counter, Histogram, Recorder
from .series_names import Series, series

if TYPE_CHECKING:
    from .backends import MemoryBackend, RedisBackend
    from .extension import Monitor
else:
    # Guards need only recording.
    _BACKENDS = dict.fromkeys(("MemoryBackend", "RedisBackend"), ".backends")
    __getattr__ = exports(__name__, {"Monitor": ".extension", **_BACKENDS})

__all__ = [
    "Counter",
    "Distribution",
    "Histogram",
    "MemoryBackend",
    "Monitor",
    "Recorder",
    "RedisBackend",
    "Series",
    "names",
    "series",
    "signals",
]
