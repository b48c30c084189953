"""The batch queue: streams of items by kind, handled at least once each."""

from yoto.optimization.queue.items import Check, DeadLetter, Handler, QueueItem
from yoto.optimization.queue.queue import BatchQueue
from yoto.optimization.queue.settings import QUEUE_KEYS, QueueSettings
from yoto.optimization.queue.stats import Amounts, ConsumerStats, KindStats, QueueStats

__all__ = [
    "QUEUE_KEYS",
    "BatchQueue",
    "Check",
    "Amounts",
    "ConsumerStats",
    "DeadLetter",
    "Handler",
    "KindStats",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
]
