"""The batch queue: streams of items by kind, handled at least once each."""

from yoto.rooms.queues.batch.items import DeadLetter, DeadLetters, QueueItem
from yoto.rooms.queues.batch.queue import BatchQueue
from yoto.rooms.queues.batch.stats import Amounts, ConsumerStats, KindStats, QueueStats
from yoto.rooms.queues.settings import QueueSettings

__all__ = [
    "BatchQueue",
    "Amounts",
    "ConsumerStats",
    "DeadLetter",
    "DeadLetters",
    "KindStats",
    "QueueItem",
    "QueueSettings",
    "QueueStats",
]
