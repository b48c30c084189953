"""Settings of the batch queue and of the queue of invalidations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoto.settings import (
    Combination,
    Configured,
    choice,
    declares,
    go_together,
    number,
    of,
    whole,
)

DAY = 24 * 3600.0  # s


@declares
class Invalidation:
    """Floods of invalidations: [invalidation.md](invalidation.md)"""

    INVALIDATION_STRATEGY = choice(
        "by_analysis",
        ("by_analysis", "conservative", "auto", "aggressive"),
        "How queued items are published; `by_analysis` chooses one of the others.",
    )
    INVALIDATION_ATTENTION = whole(
        100, 1, 10_000_000, "items", "A longer queue needs attention; below the next two."
    )
    INVALIDATION_WARNING = whole(500, 2, 10_000_000, "items", "A longer queue is a warning.")
    INVALIDATION_CRITICAL = whole(1_000, 3, 10_000_000, "items", "A longer queue is critical.")
    INVALIDATION_PACE = whole(
        200,
        1,
        100_000,
        "items a second",
        "Single items that `conservative` and `auto` publish.",
    )
    INVALIDATION_MERGE_ABOVE = whole(
        20,
        1,
        1_000_000,
        "items",
        "`auto` publishes one covering tag in place of more items than this.",
    )
    INVALIDATION_GLOBAL_ABOVE = whole(
        200,
        1,
        1_000_000,
        "subjects",
        "`aggressive` publishes that everything changed in place of more tags than this.",
    )
    INVALIDATION_MAX_DELAY = number(
        30.0, 0.1, 3_600, "s", "Age at which an item is published at any pace."
    )
    INVALIDATION_INTERVAL = number(1.0, 0.05, 60, "s", "Time between looks at the queue.")


go_together(
    Combination(
        ("INVALIDATION_WARNING", "INVALIDATION_ATTENTION", "INVALIDATION_CRITICAL"),
        lambda warning, attention, critical: attention < warning < critical,
        "must lie between {0}INVALIDATION_ATTENTION and {0}INVALIDATION_CRITICAL",
    )
)


@declares
class Queue:
    """The batch queue: [queue.md](queue.md)"""

    QUEUE_WORKERS = whole(
        2, 0, 64, "threads", "Threads of a process that call handlers; 0: it only enqueues."
    )
    QUEUE_BATCH_SIZE = whole(
        # A script puts a whole batch on Lua's stack, several values an item.
        100,
        1,
        1000,
        "items",
        "Items that a handler gets at once, at most.",
    )
    QUEUE_BATCH_AGE = number(
        0.1, 0, 60, "s", "How long the first item of a batch waits for others."
    )
    QUEUE_MAX_TRIES = whole(
        5, 1, 100, "tries", "Tries of an item before it goes to the dead letters."
    )
    QUEUE_RETRY_DELAY = number(
        1.0,
        0.01,
        3600,
        "s",
        "How long an item waits after its first try; each further wait is twice as long.",
    )
    QUEUE_RETRY_DELAY_MAX = number(300.0, 0.01, DAY, "s", "The longest of these waits.")
    QUEUE_PATIENCE = number(
        DAY,
        0,
        604_800,
        "s",
        "How old an item may be for a store that is away to use up no try.",
    )
    QUEUE_HANDLER_LIMIT = number(
        30.0, 0.1, 3600, "s", "How long a handler may take before its items go to others."
    )
    QUEUE_LEASE = number(
        # Renewed at a third, which must leave time for a slow answer of Redis.
        15.0,
        0.5,
        3600,
        "s",
        "Time until others take over the work of a dead process.",
    )
    QUEUE_ABANDONED = whole(
        4,
        0,
        64,
        "threads",
        "Handlers beyond their limit that are replaced; more of them leave fewer workers.",
    )
    QUEUE_MAX_LENGTH = whole(
        1_000_000, 1, 100_000_000, "items", "Unfinished items of one kind; more are refused."
    )
    QUEUE_DEAD_KEPT = whole(
        10_000, 1, 1_000_000, "items", "Dead letters of one kind; the oldest go."
    )
    QUEUE_ONCE_SECONDS = number(
        3600.0, 1, 604_800, "s", "How long a caller's key stands for the same item."
    )


# Those that operators change while workers run.
LIVE = (
    "QUEUE_BATCH_SIZE",
    "INVALIDATION_STRATEGY",
    "INVALIDATION_PACE",
    "INVALIDATION_MERGE_ABOVE",
    "INVALIDATION_GLOBAL_ABOVE",
    "INVALIDATION_MAX_DELAY",
    "INVALIDATION_INTERVAL",
)


class Strategy(StrEnum):
    """How queued items become entries of the log.

    ``conservative`` publishes single subjects, so many a second. ``auto`` publishes one covering
    subject in place of many single ones and paces the rest. ``aggressive`` covers whatever can be
    covered, paces nothing, and in place of too many subjects publishes that everything changed.
    """

    CONSERVATIVE = "conservative"
    AUTO = "auto"
    AGGRESSIVE = "aggressive"


# In place of a strategy: the analysis chooses one.
BY_ANALYSIS = "by_analysis"


@dataclass(frozen=True, slots=True)
class InvalidationSettings(Configured):
    """Settings of the queue and of scheduled invalidations; times in seconds.

    Attributes:
        strategy: a fixed one, or ``by_analysis``.
        attention, warning, critical: a queue of more items than this is that serious.
        pace: single items a second that ``conservative`` and ``auto`` publish.
        merge_above: ``auto`` covers more items than this that one subject covers; any strategy does
            so for items that are due at the same time.
        global_above: in place of more subjects than this ``aggressive`` publishes ``global``.
        max_delay: an item that waits longer is published whatever the pace.
        interval: between two looks at a queue that no caller here has put anything into.
    """

    strategy: str = of("INVALIDATION_STRATEGY")
    attention: int = of("INVALIDATION_ATTENTION")
    warning: int = of("INVALIDATION_WARNING")
    critical: int = of("INVALIDATION_CRITICAL")
    pace: int = of("INVALIDATION_PACE")
    merge_above: int = of("INVALIDATION_MERGE_ABOVE")
    global_above: int = of("INVALIDATION_GLOBAL_ABOVE")
    max_delay: float = of("INVALIDATION_MAX_DELAY")
    interval: float = of("INVALIDATION_INTERVAL")

    @property
    def fixed_strategy(self) -> Strategy | None:
        """The fixed strategy; None: the analysis chooses."""
        return None if self.strategy == BY_ANALYSIS else Strategy(self.strategy)


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
