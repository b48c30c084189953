"""Keeps the forecaster of one process up to date."""

from __future__ import annotations

import threading
from collections.abc import Callable

from yoto.errors import StoreUnavailable
from yoto.housekeeping import Housekeeper
from yoto.monitor import names
from yoto.monitor.backends import Reading
from yoto.monitor.history import COARSE, Point
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.summary import summarise

from .forecaster import LearnReport
from .metric import NoForecast
from .process import ForecasterProcess
from .snapshot import ForecastSnapshot

HISTORY_HOURS = 24.0
# s after the end of a minute at which it is learned, when late workers have delivered.
GRACE = 5.0
# s without a request or a decision after which there is nothing to forecast.
QUIET = 3600.0
# The area of requests by which monitoring systems watch the platform.
WATCHING_AREA = "health"
# s after which an unavailable store is tried again.
RETRY = 10.0
# s back in which activity is looked for while the platform is idle.
LOOK_BACK = 300.0

Read = Callable[[float, float], Reading]
Hear = Callable[[ForecastSnapshot], None]


class Forecasting:
    """Learns the store's history when asked to, and each minute from then on.

    The forecaster lives while the platform is in use: it ends after an hour without a request, and
    learns the history anew at the next one.

    Attributes:
        forecaster: the process that learns.
    """

    def __init__(self, read: Read, now: Callable[[], float]) -> None:
        """Nothing is read and no thread starts.

        Args:
            read: returns the minutes that begin in [since, until).
            now: epoch seconds by the clock of the store.
        """
        self.forecaster = ForecasterProcess()
        self._read = read
        self._now = now
        self._hear: Hear = lambda snapshot: None
        self._mutex = threading.Lock()
        self._resting, self._busy_at = False, 0
        self._thread = Housekeeper("yoto-forecast")
        self._thread.add("learn", self._turn)

    def subscribe(self, hear: Hear) -> None:
        """Call ``hear`` with the new state each time that something was learned."""
        self._hear = hear

    def learn_history(self, hours: float = HISTORY_HOURS) -> LearnReport:
        """Learn the whole minutes of the last ``hours``, and from now on each that ends.

        Raises:
            StoreUnavailable: the records of all workers were unavailable, the forecaster's process
                ended, or it was closed meanwhile; nothing was learned.
        """
        with self._mutex:
            if self.forecaster.closed:
                self.forecaster = ForecasterProcess()
            forecaster = self.forecaster
        report = self._learn(forecaster, hours * 3600)
        with self._mutex:
            if forecaster.closed:
                raise StoreUnavailable("forecaster")
            self._thread.start()
        return report

    def close(self) -> None:
        """End the thread and the forecaster's process; its state is forgotten."""
        with self._mutex:
            self._thread.stop()
            self.forecaster.close()

    def _turn(self) -> float:
        forecaster = self.forecaster
        learned_to, now = forecaster.learned_to, self._now()
        history = HISTORY_HOURS * 3600
        try:
            if not self._resting or self._something_happened():
                self._learn(forecaster, history if learned_to is None else now - learned_to)
        except StoreUnavailable:
            return RETRY
        return COARSE.seconds - now % COARSE.seconds + GRACE

    def _learn(self, forecaster: ForecasterProcess, seconds: float) -> LearnReport:
        now = self._now()
        over = now - now % COARSE.seconds
        reading = self._read(now - seconds, over)
        if not reading.complete:
            raise StoreUnavailable("redis")
        summaries = [summarise(point) for point in reading.points]
        busy = (point.at for point in reading.points if is_busy(point))
        self._busy_at = max(busy, default=self._busy_at)
        self._resting = self._busy_at < over - QUIET
        if self._resting:
            return self._rest(forecaster, len(summaries))
        report = forecaster.learn(summaries)
        snapshot = forecaster.snapshot
        if snapshot.report is not None:
            self._hear(snapshot)
        return report

    def _rest(self, forecaster: ForecasterProcess, summaries: int) -> LearnReport:
        known = forecaster.snapshot.report is not None
        forecaster.rest()
        silent = {
            name: one for name, one in forecaster.forecasts().items() if isinstance(one, NoForecast)
        }
        report = LearnReport(
            summaries, 0, silent={name: one.reason for name, one in silent.items()}
        )
        if known:
            self._hear(ForecastSnapshot(silent=silent, report=report))
        return report

    def _something_happened(self) -> bool:
        """Whether the platform was used since the last check."""
        now = self._now()
        reading = self._read(now - LOOK_BACK, now - now % COARSE.seconds)
        return any(is_busy(point) for point in reading.points)


def learning_from(monitoring: Monitoring) -> Forecasting:
    """One that learns the minutes that ``monitoring`` keeps."""
    return Forecasting(
        lambda since, until: monitoring.backend.read(COARSE, since, until), monitoring.now
    )


def is_busy(point: Point) -> bool:
    """Whether the platform was used then. Scrapes of ``/metrics`` and probes are no use."""
    watched = point.counted(names.REQUESTS, area=WATCHING_AREA)
    return point.counted(names.REQUESTS) > watched or point.counted(names.CHECKS) > 0
