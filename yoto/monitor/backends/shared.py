"""Points of all workers, in Redis."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import TypeVar

from yoto.events import new_instance_id
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection, ServerClock

from .. import metric_names as names
from ..history import COARSE, RESOLUTIONS, Batch, Point, Resolution
from ..series_names import Series, series
from .archive import Archive, Signs
from .delivery import Backlog, Delivery
from .failures import FailureLog
from .interface import BackendHealth, Reading, Totals, WorkerState, WorkerStatus
from .layout import MonitorKeys, host_of, pid_of
from .memory import BESIDE, MemoryBackend

log = logging.getLogger(__name__)

T = TypeVar("T")

_REFUSED = series(names.SERIES_REFUSED, {"by": "store"})


class RedisBackend:
    """Adds up every worker's records in Redis; in memory while Redis is unavailable.

    Records of an outage wait, are delivered when Redis is back, and go to the points of the time
    when they were made. Each batch has a number and is counted once, even if it was sent again
    because its reply was lost. Safe for threads.
    """

    name = "redis"

    def __init__(
        self,
        redis: RedisConnection,
        worker_id: str | None = None,
        interval: float = 1.0,
        resolutions: tuple[Resolution, ...] = RESOLUTIONS,
        signs: Signs = dict,
    ) -> None:
        """Nothing connects before the first use.

        Args:
            worker_id: the id of this instance.
            interval: seconds between the deliveries of a worker.
            resolutions: of the points, with the time for which they are kept.
            signs: by worker, seconds since its last sign of life other than a delivery.
        """
        self._redis = redis
        self._worker_id = worker_id or new_instance_id()
        self._keys = MonitorKeys(redis.keys)
        self._clock = ServerClock()
        self.now = self._clock.now
        self._delivery = Delivery(redis, self._keys, self._clock, resolutions)
        self._archive = Archive(redis, self._keys, self._clock, interval, signs)
        self._memory = MemoryBackend(BESIDE, self._clock.now, lambda: self.worker_id)
        self._backlog = Backlog(longest=COARSE.keep)
        self._sending = threading.Lock()
        self._failures = FailureLog()
        self._recorded_at: float | None = None
        self._refused = 0

    @property
    def worker_id(self) -> str:
        """The name of this process; a fork gets a name, and numbers, of its own."""
        if pid_of(self._worker_id) != os.getpid():
            self._worker_id = new_instance_id()
        return self._worker_id

    def record(self, batch: Batch) -> None:
        self._memory.record(batch)
        now = monotonic()
        # Always sent, and first, so that it gets a place even if others fill the room.
        own = Batch({_REFUSED: self._refused})
        own.absorb(batch)
        with self._sending:
            own.distribution(Series(names.REDIS_TIME), self._delivery.round_trips.drain())
            for kind, count in self._failures.news().items():
                own.count(
                    series(names.BACKEND_FAILURES, {"backend": self.name, "kind": kind}), count
                )
            seconds = 0.0 if self._recorded_at is None else now - self._recorded_at
            self._recorded_at = now
            self._backlog.add(own, seconds)
            self._deliver()

    def read(
        self,
        resolution: Resolution,
        since: float,
        until: float | None = None,
        only: Collection[str] | None = None,
    ) -> Reading:
        end = float("inf") if until is None else until
        points = self._ask(lambda: self._archive.points(resolution, since, end, only))
        if points is None:
            return Reading(self._memory.read(resolution, since, until).points, complete=False)
        return Reading(points, complete=True)

    def sums(self, resolution: Resolution, since: Sequence[float]) -> Reading:
        points = self._ask(lambda: self._archive.sums(resolution, since))
        if points is None:
            return Reading(self._memory.sums(resolution, since).points, complete=False)
        return Reading(points, complete=True)

    def totals(self) -> Totals:
        host = host_of(self.worker_id)
        point = self._ask(lambda: self._archive.totals(host))
        workers = [one for one in self.workers() if one.host == host]
        alive = [one for one in workers if one.state is WorkerState.ALIVE]
        return Totals(Point(0, 0) if point is None else point, alive, point is not None)

    def workers(self) -> list[WorkerStatus]:
        found = self._ask(self._archive.workers)
        return self._memory.workers() if found is None else found

    @property
    def on_redis_time(self) -> bool:
        return self._clock.known

    def health(self) -> BackendHealth:
        try:
            self._redis.client.ping()
        except REDIS_UNAVAILABLE as error:
            self._failures.failed(error)
        kind = self._failures.current
        detail = "takes measurements" if kind is None else f"{kind}: {self._failures.last}"
        if self._refused:
            detail += f"; no room for {self._refused} series"
        return BackendHealth(
            self.name,
            kind is None,
            detail,
            len(self._backlog),
            self._backlog.lost_seconds,
            dict(self._failures.counts),
        )

    def close(self) -> None:
        """Deliver waiting batches and report that this worker ends; a later record begins anew."""
        with self._sending:
            if self._recorded_at is None:
                return
            self._recorded_at = None
            self._backlog.add(Batch(), 0.0)
            self._deliver(last=True)
            if len(self._backlog):
                log.warning("%d batches of measurements were not delivered", len(self._backlog))

    def _deliver(self, last: bool = False) -> None:
        """Send waiting batches, the oldest first, until one cannot be delivered."""
        while (parcel := self._backlog.first()) is not None:
            ends = last and len(self._backlog) == 1
            try:
                refused = self._delivery.send(self.worker_id, parcel, self._backlog.age, ends)
            except REDIS_UNAVAILABLE as error:
                self._failures.failed(error)
                return
            self._backlog.taken(parcel)
            self._failures.succeeded()
            if refused and not self._refused:
                log.error("redis has no room for %d series of measurements", refused)
            self._refused = refused

    def _ask(self, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except REDIS_UNAVAILABLE as error:
            self._failures.failed(error)
            return None
