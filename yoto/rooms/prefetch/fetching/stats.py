"""Prefetching counters of one process, and its precision."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.rooms.prefetch.fetching.budget import Budget
from yoto.rooms.prefetch.fetching.ledger import Ledger
from yoto.rooms.prefetch.fetching.task import SETTLED, TaskState


@dataclass(frozen=True, slots=True)
class PrefetchStats:
    """Statistics since the process started.

    Attributes:
        running: whether it prefetches now.
        turned_down: whether next to nothing is prefetched, because too little of it was used.
        window: prefetches that may be undecided at a time.
        confidence: probability from which it prefetches now, 0 to 1.
        undecided: prefetches whose user has not come by yet, or that are being loaded.
        counts: ``loaded``, and by outcome: ``used``, ``expired``, ``wasted``, ``failed``,
            ``cancelled``, ``lapsed``.
        visits: actions of users that were looked at.
        fetched: entries that were requested from the cache; its misses include them.
        precision: share of used ones among decided ones, 0 to 1; None: none is decided.
        late_precision: precision of the last few.
        wasted_share: share of unused ones among decided ones; None: unknown.
        hit_rate_gain: used ones among visits: each of them would have been a miss. None: unknown.
        backoff_seconds: until loading is tried again after failures.
    """

    running: bool
    turned_down: bool
    window: float
    confidence: float
    undecided: int
    counts: dict[str, int]
    visits: int
    fetched: int
    precision: float | None
    late_precision: float | None
    wasted_share: float | None
    hit_rate_gain: float | None
    backoff_seconds: float


def stats_of(
    ledger: Ledger, budget: Budget, *, visits: int, fetched: int, running: bool, pause: float
) -> PrefetchStats:
    """The figures of one prefetcher."""
    used = ledger.counts[TaskState.USED.value]
    decided = sum(ledger.counts[state.value] for state in SETTLED)
    precision = used / decided if decided else None
    return PrefetchStats(
        running=running,
        turned_down=budget.exploring,
        window=budget.window,
        confidence=budget.confidence,
        undecided=ledger.undecided,
        counts=dict(ledger.counts),
        visits=visits,
        fetched=fetched,
        precision=precision,
        late_precision=budget.precision,
        wasted_share=None if precision is None else 1 - precision,
        hit_rate_gain=used / visits if visits else None,
        backoff_seconds=pause,
    )
