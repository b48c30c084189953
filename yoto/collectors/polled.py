"""Metrics that only Redis has: breaker states, queues, workers, and the top rejected callers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flask import Flask

from yoto.fleet import LOST_FOR_MS, Fleet, Worker, WorkerState
from yoto.monitor import names
from yoto.monitor.sources import Measured, Sample
from yoto.optimization import (
    AdvancedOptimization,
    InvalidationStats,
    OptimizedDistributedLock,
    QueueStats,
    keeps_lock,
)
from yoto.resilience import Kind, Resilience, State, top_keys

# The gauge's value for each state: from 0 to 3 a higher value allows fewer calls; 4 and 5 are
# further states that operators can choose.
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


# s over which rejections are reported; a process reports its calls once a second.
REFUSALS_OF = 60.0
MOST_REPORTS = 300


class FleetCollector:
    """Metrics of the whole fleet, reported only by the worker that holds the lock."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock: OptimizedDistributedLock | None = None

    def __call__(self) -> Iterable[Sample]:
        state = AdvancedOptimization.of(self._app)
        if self._lock is None:
            self._lock = state.locks.create_lock(LOCK, LEASE, wait=0, of_process=True)
        if not keeps_lock(self._lock):
            return ()
        workers = Fleet.of(self._app).all()
        return [
            *queue_samples(state.queue.stats()),
            *invalidation_samples(state.invalidation.stats()),
            *worker_samples(workers),
            *refusal_samples(self._app, sum(one.state is WorkerState.LIVE for one in workers)),
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
        unserved = one.length if kind in stats.unserved else 0
        yield Measured(names.QUEUE_UNSERVED, unserved, {"kind": kind})


def invalidation_samples(stats: InvalidationStats) -> Iterator[Sample]:
    """Lengths, rates and age."""
    for state in ("waiting", "claimed", "later"):
        yield Measured(names.INVALIDATION_ITEMS, getattr(stats, state), {"state": state})
    yield Measured(names.INVALIDATION_RATE, stats.inflow, {"direction": "in"})
    yield Measured(names.INVALIDATION_RATE, stats.outflow, {"direction": "out"})
    yield Measured(names.INVALIDATION_AGE, stats.oldest_age)


def worker_samples(workers: Sequence[Worker]) -> Iterator[Sample]:
    """The number of workers, by state; workers that fell silent long ago are left out."""
    for state in (WorkerState.LIVE, WorkerState.DRAINING, WorkerState.SILENT):
        of_state = [one for one in workers if one.state is state and one.heard_ms < LOST_FOR_MS]
        yield Measured(names.WORKERS, len(of_state), {"state": str(state)})


def refusal_samples(app: Flask, workers: int) -> Iterator[Sample]:
    """Rejections of the most rejected caller in the last minute, by limit."""
    controller = Resilience.of(app)
    limits = [(Kind.RATE_LIMIT, one.name) for one in controller.config.list(Kind.RATE_LIMIT)]
    reports = min(MOST_REPORTS, round(REFUSALS_OF) * max(1, workers))
    for (_, name), reading in zip(limits, controller.trails.latest(limits, reports), strict=True):
        recent = [call for call in reading.calls if call.at >= reading.until - REFUSALS_OF]
        refused = max((use.rejected for use in top_keys(recent, 1)), default=0)
        yield Measured(names.TOP_REFUSALS, refused, {"name": name})
