"""Prefetching counters of one process, and its precision."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.prefetch.fetching.budget import Budget
from yoto.prefetch.fetching.ledger import Ledger
from yoto.prefetch.fetching.task import SETTLED, TaskState


@dataclass(frozen=True, slots=True)
class PrefetchStats:
    """Since the process started.

    Attributes:
        running: whether it prefetches now.
        turned_down: whether next to nothing is prefetched, because too little of it was used.
        window: prefetches that may be undecided at a time.
        confidence: probability from which it prefetches now, 0 to 1.
        undecided: prefetches whose user has not come by yet, or that are being loaded.
        counts: ``loaded``, and by outcome: ``used``, ``expired``, ``wasted``, ``failed``,
            ``cancelled``, ``lapsed``.
        visits: actions of users that were looked at.
        fetched: entries that the cache was asked to bring into memory; its misses have them too.
        precision: used ones among those decided, 0 to 1; None: unknown, none is decided.
        late_precision: the same of the last few.
        wasted_share: those not used among those decided; None: unknown.
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
