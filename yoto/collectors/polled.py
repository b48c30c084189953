"""Metrics that only Redis has: breaker states, workers, and the top rejected callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from flask import Flask

from yoto.fleet import LOST_FOR_MS, Fleet, Worker, WorkerState
from yoto.monitor import names
from yoto.monitor.sources import Measured, Sample
from yoto.optimization import AdvancedOptimization, OptimizedDistributedLock, keeps_lock
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
# s after which another worker may take over from one that died.
LEASE = 10.0


def breaker_samples(app: Flask) -> Iterator[Sample]:
    """The state of each breaker that this process uses."""
    for state in Resilience.of(app).guards.breaker_states():
        yield Measured(names.BREAKER_STATE, STATE_NUMBERS[state.state], {"name": state.name})


# s over which rejections are reported; a process reports its calls once a second.
REFUSALS_OF = 60.0
MOST_REPORTS = 300


class OfOneWorker:
    """Metrics of the whole fleet, reported only by the worker that holds a lock."""

    def __init__(self, app: Flask, name: str, samples: Callable[[], Iterable[Sample]]) -> None:
        """Nothing connects before the first call.

        Args:
            name: of the lock.
            samples: reads the metrics.
        """
        self._app = app
        self._name = name
        self._samples = samples
        self._lock: OptimizedDistributedLock | None = None

    def __call__(self) -> Iterable[Sample]:
        """The metrics; none where another worker reports them."""
        if self._lock is None:
            locks = AdvancedOptimization.of(self._app).locks
            self._lock = locks.create_lock(self._name, LEASE, wait=0, of_process=True)
        return self._samples() if keeps_lock(self._lock) else ()


def fleet_samples(app: Flask) -> Iterable[Sample]:
    """The workers, and the most rejected callers."""
    workers = Fleet.of(app).all()
    return [
        *worker_samples(workers),
        *refusal_samples(app, sum(one.state is WorkerState.LIVE for one in workers)),
    ]


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
