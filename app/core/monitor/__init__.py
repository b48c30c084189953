"""What the platform does, in numbers: recorded by every worker, added up, kept, and shown."""

from . import metric_names as names
from .backends import (
    Backend,
    BackendHealth,
    FailureKind,
    MemoryBackend,
    PrometheusBackend,
    Reading,
    RedisBackend,
    StatsdBackend,
    Totals,
    WorkerState,
    WorkerStatus,
)
from .backends.prometheus import CONTENT_TYPE
from .extension import BACKENDS, Monitor
from .history import (
    COARSE,
    FINE,
    MIDDLE,
    RESOLUTIONS,
    Level,
    Point,
    Quantiles,
    Resolution,
    Summary,
    summarise,
)
from .monitoring import Monitoring
from .recording import Counter, Distribution, Gauge, Histogram, Recorder, Series, series
from .sources import Counted, Measured, Sample, Source, Spread

__all__ = [
    "BACKENDS",
    "COARSE",
    "CONTENT_TYPE",
    "FINE",
    "MIDDLE",
    "RESOLUTIONS",
    "Backend",
    "BackendHealth",
    "Counted",
    "Counter",
    "Distribution",
    "FailureKind",
    "Gauge",
    "Histogram",
    "Level",
    "Measured",
    "MemoryBackend",
    "Monitor",
    "Monitoring",
    "Point",
    "PrometheusBackend",
    "Quantiles",
    "Reading",
    "Recorder",
    "RedisBackend",
    "Resolution",
    "Sample",
    "Series",
    "Source",
    "Spread",
    "StatsdBackend",
    "Summary",
    "Totals",
    "WorkerState",
    "WorkerStatus",
    "names",
    "series",
    "summarise",
]
