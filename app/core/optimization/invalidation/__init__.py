"""Smart invalidation: a durable queue for floods of invalidations and for what is known ahead."""

from app.core.optimization.invalidation.access import LogAccess
from app.core.optimization.invalidation.analysis import (
    Analysis,
    Figures,
    Health,
    Recommendation,
)
from app.core.optimization.invalidation.queue import Receipt, Window
from app.core.optimization.invalidation.requests import Submission
from app.core.optimization.invalidation.service import (
    Drained,
    InvalidationStats,
    SmartInvalidation,
)
from app.core.optimization.invalidation.settings import (
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
