"""What is known to Redis alone: states of breakers, and the queues of all workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Flask

from app.core.monitor import Measured, Sample, names
from app.core.optimization import (
    AdvancedOptimization,
    InvalidationStats,
    OptimizedDistributedLock,
    QueueStats,
)
from app.core.resilience import Resilience, State

from ..election import keeps

# What the gauge says for each state: the more, the less passes, up to what operators chose.
STATE_NUMBERS = {
    State.CLOSED: 0,
    State.HALF_OPEN: 1,
    State.OPEN: 2,
    State.ISOLATED: 3,
    State.DISABLED: 4,
    State.METRICS_ONLY: 5,
}
LOCK = "measures"
# s after which another worker may take over from one that died.
LEASE = 10.0


def breaker_samples(app: Flask) -> Iterator[Sample]:
    """The state of each breaker that this process uses."""
    for state in Resilience.of(app).breaker_states():
        yield Measured(names.BREAKER_STATE, STATE_NUMBERS[state.state], {"name": state.name})


class QueueLook:
    """One worker of all tells how the queues are: the one that has the lock.

    Called by one thread, to whom the lock belongs.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock: OptimizedDistributedLock | None = None

    def __call__(self) -> Iterable[Sample]:
        state = AdvancedOptimization.of(self._app)
        if self._lock is None:
            self._lock = state.locks.create_lock(LOCK, LEASE, wait=0)
        if not keeps(self._lock):
            return ()
        return [
            *queue_samples(state.queue.stats()),
            *invalidation_samples(state.invalidation.stats()),
        ]


def queue_samples(stats: QueueStats) -> Iterator[Sample]:
    """Lengths, rates and ages by kind."""
    for kind, one in stats.kinds.items():
        for state in ("waiting", "in_flight", "delayed", "dead"):
            about = {"kind": kind, "state": state}
            yield Measured(names.QUEUE_ITEMS, getattr(one, state), about)
        yield Measured(names.QUEUE_RATE, one.inflow, {"kind": kind, "direction": "in"})
        yield Measured(names.QUEUE_RATE, one.processing, {"kind": kind, "direction": "out"})
        yield Measured(names.QUEUE_AGE, one.oldest_age or 0.0, {"kind": kind})


def invalidation_samples(stats: InvalidationStats) -> Iterator[Sample]:
    """Lengths, rates and age."""
    for state in ("waiting", "claimed", "later"):
        yield Measured(names.INVALIDATION_ITEMS, getattr(stats, state), {"state": state})
    yield Measured(names.INVALIDATION_RATE, stats.inflow, {"direction": "in"})
    yield Measured(names.INVALIDATION_RATE, stats.outflow, {"direction": "out"})
    yield Measured(names.INVALIDATION_AGE, stats.oldest_age)
