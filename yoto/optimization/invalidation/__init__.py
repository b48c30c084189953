"""Smart invalidation: a durable queue for floods of invalidations and for scheduled ones."""

from yoto.optimization.invalidation.analysis import Analysis, Figures, Health
from yoto.optimization.invalidation.queue import Receipt, Window
from yoto.optimization.invalidation.requests import LogAccess, Submission
from yoto.optimization.invalidation.service import InvalidationStats, SmartInvalidation
from yoto.optimization.invalidation.settings import InvalidationSettings, Strategy

__all__ = [
    "Analysis",
    "Figures",
    "Health",
    "InvalidationSettings",
    "InvalidationStats",
    "LogAccess",
    "Receipt",
    "SmartInvalidation",
    "Strategy",
    "Submission",
    "Window",
]
