"""Smart invalidation: a durable queue for floods of invalidations and for scheduled ones."""

from yoto.rooms.queues.invalidation.analysis import Analysis, Figures, Health
from yoto.rooms.queues.invalidation.queue import Receipt
from yoto.rooms.queues.invalidation.requests import LogAccess, Submission
from yoto.rooms.queues.invalidation.smart import InvalidationStats, SmartInvalidation
from yoto.rooms.queues.settings import InvalidationSettings, Strategy

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
]
