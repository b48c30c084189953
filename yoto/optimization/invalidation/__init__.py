"""Smart invalidation: a durable queue for floods of invalidations and for what is known ahead."""

from yoto.optimization.invalidation.access import LogAccess
from yoto.optimization.invalidation.analysis import Analysis, Figures, Health, Recommendation
from yoto.optimization.invalidation.queue import Receipt, Window
from yoto.optimization.invalidation.requests import Submission
from yoto.optimization.invalidation.service import Drained, InvalidationStats, SmartInvalidation
from yoto.optimization.invalidation.settings import (
    RANGES,
    STRATEGIES,
    InvalidationSettings,
    Strategy,
)

__all__ = [
    "RANGES",
    "STRATEGIES",
    "Analysis",
    "Drained",
    "Figures",
    "Health",
    "InvalidationSettings",
    "InvalidationStats",
    "LogAccess",
    "Receipt",
    "Recommendation",
    "SmartInvalidation",
    "Strategy",
    "Submission",
    "Window",
]
