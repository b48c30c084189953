"""The batch queue: streams of items by kind, handled at least once each."""

from yoto.optimization.queue.items import Check, DeadLetter, DeadLetters, Handler, QueueItem
from yoto.optimization.queue.queue import BatchQueue
from yoto.optimization.queue.settings import QueueSettings
from yoto.optimization.queue.stats import Amounts, ConsumerStats, KindStats, QueueStats

__all__ = [
    "BatchQueue",
    "Check",
    "Amounts",
    "ConsumerStats",
    "DeadLetter",
    "DeadLetters",
    "Handler",
    "KindStats",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
]
