"""The exports of ``yoto.monitor`` beside numbers, loaded on use: alerts, ..."""

from __future__ import annotations

from .alert_rules import (
    DEFAULT_RULES,
    DEGRADATIONS,
    AlertRule,
    Level,
    format_series,
    level_of,
    parse_series,
    refuse_fixed,
    settable,
)
from .backends import (
    Backend,
    BackendHealth,
    FailureKind,
    MemoryBackend,
    PrometheusBackend,
    Reading,
    RedisBackend,
    Totals,
    WorkerState,
    WorkerStatus,
)
from .backends.prometheus import CONTENT_TYPE
from .extension import Monitor
from .headlines import Condition, Headline, HeadlineCause, headline, without_networks
from .health import (
    DEFAULT_COMPONENTS,
    Band,
    Component,
    ComponentHealth,
    HealthReport,
    assess,
    components_of,
    overall,
)
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
from .monitoring import Monitoring
from .process import resident_bytes
from .recording import COUNTER_ENDING
from .scale import Direction, Extent, Value
from .sources import Counted, Distributed, Measured, Sample, Source
from .units import unit_of

__all__ = [
    "COARSE",
    "CONTENT_TYPE",
    "DEFAULT_COMPONENTS",
    "DEFAULT_RULES",
    "FINE",
    "MIDDLE",
    "RESOLUTIONS",
    "AlertRule",
    "Backend",
    "BackendHealth",
    "Band",
    "Component",
    "ComponentHealth",
    "Condition",
    "Counted",
    "Direction",
    "Extent",
    "FailureKind",
    "Headline",
    "HeadlineCause",
    "HealthReport",
    "Level",
    "Measured",
    "MemoryBackend",
    "Monitor",
    "Monitoring",
    "Point",
    "PrometheusBackend",
    "Quantiles",
    "Reading",
    "Readings",
    "RedisBackend",
    "Resolution",
    "Sample",
    "Source",
    "Distributed",
    "Summary",
    "Totals",
    "Value",
    "WorkerState",
    "WorkerStatus",
    "assess",
    "components_of",
    "format_series",
    "headline",
    "overall",
    "resident_bytes",
    "settable",
    "summarise",
    "unit_of",
    "without_networks",
    "level_of",
    "parse_series",
    "refuse_fixed",
    "DEGRADATIONS",
    "COUNTER_ENDING",
]
