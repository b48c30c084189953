"""Points of this process alone, in memory."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence

from ..history import COARSE, DAY, FINE, HOUR, MIDDLE, MINUTE, Batch, Point, Resolution
from ..series_names import Series
from .interface import BackendHealth, Reading, Totals, WorkerState, WorkerStatus

# Without Redis a process keeps records only for itself, and fewer of them: some 20 MB.
ALONE = (FINE, MIDDLE, COARSE.keeping(DAY))
# Beside Redis it bridges outages: a point of an idle worker is 30 KB, so these are some 12 MB.
BESIDE = (FINE.keeping(2 * MINUTE), MIDDLE.keeping(20 * MINUTE), COARSE.keeping(3 * HOUR))


class MemoryBackend:
    """Keeps the newest points of each resolution. Safe for threads."""

    name = "memory"

    def __init__(
        self,
        resolutions: Sequence[Resolution] = ALONE,
        clock: Callable[[], float] = time.time,
        worker_id: Callable[[], str] | None = None,
    ) -> None:
        """Make a backend without any records.

        Args:
            resolutions: the resolutions, with the time for which each is kept.
            clock: epoch seconds.
            worker_id: the name of this process; by default its host and number.
        """
        self._lock = threading.Lock()
        self.now = clock
        self._worker_id = worker_id or _own_id
        self._kept = {one.seconds: one for one in resolutions}
        self._points: dict[int, dict[int, Point]] = {one.seconds: {} for one in resolutions}
        self._totals = Point(0, 0)
        self._gauges: dict[Series, float] = {}
        self._heard: float | None = None

    def record(self, batch: Batch) -> None:
        now = self.now()
        with self._lock:
            self._heard = now
            self._gauges = dict(batch.gauges)
            self._totals.add(Batch(batch.counters, {}, batch.histograms))
            for resolution in self._kept.values():
                points = self._points[resolution.seconds]
                number = resolution.number(now)
                point = points.get(number)
                if point is None:
                    point = Point(number * resolution.seconds, resolution.seconds)
                    points[number] = point
                    _forget(points, resolution, number)
                point.add(batch)

    def read(
        self,
        resolution: Resolution,
        since: float,
        until: float | None = None,
        only: Collection[str] | None = None,
    ) -> Reading:
        end = float("inf") if until is None else until
        with self._lock:
            points = self._points.get(resolution.seconds, {})
            found = [points[n].copy() for n in sorted(points) if since <= points[n].at < end]
        return Reading(found, complete=True)

    def sums(self, resolution: Resolution, since: Sequence[float]) -> Reading:
        with self._lock:
            points = self._points.get(resolution.seconds, {}).values()
            found = [_sum(one for one in points if one.at >= start) for start in since]
        return Reading(found, complete=True)

    def totals(self) -> Totals:
        with self._lock:
            return Totals(self._totals.copy(), [self._worker()], complete=True)

    def workers(self) -> list[WorkerStatus]:
        with self._lock:
            return [self._worker()]

    @property
    def on_redis_time(self) -> bool:
        return False

    def health(self) -> BackendHealth:
        return BackendHealth(self.name, True, "keeps the measurements of this process")

    def close(self) -> None:
        """Records stay readable; there is nothing to close."""

    def _worker(self) -> WorkerStatus:
        name = self._worker_id()
        silent = 0.0 if self._heard is None else max(0.0, self.now() - self._heard)
        gauges = dict(self._gauges)
        return WorkerStatus(
            name, socket.gethostname(), os.getpid(), WorkerState.ALIVE, silent, 0.0, gauges
        )


def _own_id() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def _forget(points: dict[int, Point], resolution: Resolution, newest: int) -> None:
    for number in [one for one in points if one <= newest - resolution.most]:
        del points[number]
    # A clock that was set back leaves points in the future, which never get too old.
    while len(points) > resolution.most:
        del points[next(iter(points))]


def _sum(points: Iterable[Point]) -> Point:
    whole = Point(0, 0)
    for point in points:
        whole.merge(point)
    return whole
