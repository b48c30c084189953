"""Settings of the queue: batches, retries and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, of


@dataclass(frozen=True, slots=True)
class QueueSettings(Configured):
    """Settings of a batch queue; times in seconds.

    Attributes:
        workers: threads of this process that call handlers; 0: it only enqueues.
        batch_size: items that a handler gets at once, at most.
        batch_age: how long the first item of a batch waits for others.
        max_tries: how often an item is tried before it goes to the dead letters.
        retry_delay: how long an item waits after its first try; each further wait is twice as long.
        retry_delay_max: the longest wait.
        patience: age of an item up to which an unavailable store uses up no try.
        handler_limit: how long a handler may take before its items are given to others.
        lease: seconds until others take over the items of a process that died.
        abandoned: handlers beyond their limit that are replaced; more of them leave this process
            with fewer workers.
        max_length: items of one kind that are not done; more are refused.
        dead_kept: dead letters of one kind; the oldest go, which is counted.
        once: how long a caller's key stands for the same item.
    """

    workers: int = of("QUEUE_WORKERS")
    batch_size: int = of("QUEUE_BATCH_SIZE")
    batch_age: float = of("QUEUE_BATCH_AGE")
    max_tries: int = of("QUEUE_MAX_TRIES")
    retry_delay: float = of("QUEUE_RETRY_DELAY")
    retry_delay_max: float = of("QUEUE_RETRY_DELAY_MAX")
    patience: float = of("QUEUE_PATIENCE")
    handler_limit: float = of("QUEUE_HANDLER_LIMIT")
    lease: float = of("QUEUE_LEASE")
    abandoned: int = of("QUEUE_ABANDONED")
    max_length: int = of("QUEUE_MAX_LENGTH")
    dead_kept: int = of("QUEUE_DEAD_KEPT")
    once: float = of("QUEUE_ONCE_SECONDS")
