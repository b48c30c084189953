"""The common part of backends that add to another one's storage."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..history import Counters, Gauges, Histograms, Resolution
from .interface import Backend, Reading, Totals, WorkerStatus


class ForwardingBackend:
    """Leaves recording and reading to ``store``."""

    def __init__(self, store: Backend) -> None:
        self._store = store

    @property
    def on_redis_time(self) -> bool:
        return self._store.on_redis_time

    def record(self, counters: Counters, gauges: Gauges, histograms: Histograms) -> None:
        self._store.record(counters, gauges, histograms)

    def read(
        self,
        resolution: Resolution,
        since: float,
        until: float | None = None,
        only: Collection[str] | None = None,
    ) -> Reading:
        return self._store.read(resolution, since, until, only)

    def sums(self, resolution: Resolution, since: Sequence[float]) -> Reading:
        return self._store.sums(resolution, since)

    def totals(self) -> Totals:
        return self._store.totals()

    def workers(self) -> list[WorkerStatus]:
        return self._store.workers()

    def now(self) -> float:
        return self._store.now()

    def close(self) -> None:
        self._store.close()
