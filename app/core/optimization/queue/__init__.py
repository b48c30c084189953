"""The batch queue: streams of items by kind, handled at least once each."""

from app.core.optimization.queue.items import Check, DeadLetter, DeadLetters, Handler, QueueItem
from app.core.optimization.queue.queue import BatchQueue
from app.core.optimization.queue.settings import QUEUE_KEYS, QueueSettings
from app.core.optimization.queue.stats import ConsumerStats, KindCounts, KindStats, QueueStats

__all__ = [
    "QUEUE_KEYS",
    "BatchQueue",
    "Check",
    "ConsumerStats",
    "DeadLetter",
    "DeadLetters",
    "Handler",
    "KindCounts",
    "KindStats",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
]
