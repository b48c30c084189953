"""Suggestions to change settings, and the verdict on a change that was made. Pure."""

from ..tunables import TUNABLES, tunable_of
from .snapshot import (
    PLAIN,
    BulkheadSnapshot,
    Guards,
    LimiterSnapshot,
    PoolSnapshot,
    QueueSnapshot,
    StoreSnapshot,
    TuningSnapshot,
    snapshot_of,
)
from .suggestion import Suggestion, SuggestionReport
from .verdict import METRICS, Verdict, compare, readings, unit_of_measure

__all__ = [
    "PLAIN",
    "TUNABLES",
    "METRICS",
    "BulkheadSnapshot",
    "Guards",
    "LimiterSnapshot",
    "TuningSnapshot",
    "PoolSnapshot",
    "QueueSnapshot",
    "StoreSnapshot",
    "Suggestion",
    "SuggestionReport",
    "Verdict",
    "compare",
    "tunable_of",
    "snapshot_of",
    "readings",
    "unit_of_measure",
]
