"""The contract of every backend."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ..history import Batch, Point, Resolution
from ..series_names import Series


class WorkerState(StrEnum):
    """``silent``: without a sign for a while, and without a notice of its end."""

    ALIVE = "alive"
    SILENT = "silent"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A process that records.

    Attributes:
        id: the instance's, with its host and process number.
        host, pid: its host and process number.
        state: see ``WorkerState``.
        silent_for: seconds since its last delivery.
        unreported: seconds before its end for which nothing was delivered: one interval at most if
            it delivered in time, more if its last batch had waited, or if another sign of life came
            later; 0 while it lives, and if it announced its end. Records of a killed worker in this
            time are lost.
        gauges: the last values of its gauges.
    """

    id: str
    host: str
    pid: int
    state: WorkerState
    silent_for: float
    unreported: float
    gauges: Mapping[Series, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """Points of one resolution, oldest first; stretches without news are left out.

    Attributes:
        complete: whether they hold the deliveries of all workers; else only this process's records.
    """

    points: list[Point]
    complete: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Counters and histograms since the store began, which only grow; and gauges by worker.

    Attributes:
        point: the sums over all workers of this host, living and ended.
        workers: the living workers of this host.
        complete: False: the sums are unknown, and ``point`` is empty.
    """

    point: Point
    workers: list[WorkerStatus]
    complete: bool


@dataclass(frozen=True, slots=True)
class BackendHealth:
    """The health of a backend.

    Attributes:
        name: of the backend.
        available: whether it accepts measurements now; None: it was not used yet.
        detail: a sentence.
        waiting: batches that are not delivered yet.
        lost_seconds: seconds whose measurements were given up.
        failures: failures so far, by kind.
        behind: the health of a backend that this one passes its records on to; the platform's own
            have none. A key of ``GET /control/api/stats/monitor``.
    """

    name: str
    available: bool | None
    detail: str
    waiting: int = 0
    lost_seconds: float = 0.0
    failures: Mapping[str, int] = field(default_factory=dict)
    behind: BackendHealth | None = None


class Backend(Protocol):
    """Takes the records of one process. Nothing here raises because a server is unavailable."""

    @property
    def name(self) -> str:
        """Its name for operators."""

    def record(self, batch: Batch) -> None:
        """Take the records since the last call.

        Once taken they count exactly once, also if the server is unavailable now and comes back.
        """

    def read(
        self,
        resolution: Resolution,
        since: float,
        until: float | None = None,
        only: Collection[str] | None = None,
    ) -> Reading:
        """The points that begin in [since, until), epoch seconds by the clock of the store.

        Args:
            only: names of metrics; others may be left out, which is quicker.
        """

    def sums(self, resolution: Resolution, since: Sequence[float]) -> Reading:
        """For each of ``since`` the sum of all points that begin then or later."""

    def totals(self) -> Totals:
        """Everything that was ever recorded, for exporters of growing counters."""

    def workers(self) -> list[WorkerStatus]:
        """The processes that record, most recently heard first; only this one if others are
        unknown."""

    def now(self) -> float:
        """Epoch seconds by the clock of the store."""

    @property
    def on_redis_time(self) -> bool:
        """Whether ``now`` is the time of Redis, like positions in the invalidation log."""

    def health(self) -> BackendHealth:
        """The backend's health, read from the server."""

    def close(self) -> None:
        """Deliver waiting batches, report that this worker ends, and close connections."""
