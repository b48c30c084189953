"""Election of one worker for forecasting, since its libraries take a second and some 100 MB."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from flask import Flask

from yoto.errors import LockLost, StoreUnavailable
from yoto.housekeeping import Housekeeper
from yoto.monitor.extension import Monitor
from yoto.optimization import AdvancedOptimization, DistributedLocks, keeps_lock

from .board import ForecastBoard, forecast_board
from .forecasting import Forecasting, learning_from
from .snapshot import ForecastSnapshot

log = logging.getLogger(__name__)

EXTENSION_KEY = "yoto.forecaster"
LOCK = "forecaster"
# s after which another worker may take over from one that died.
LEASE = 10.0
# s between checks whether this worker is needed.
LOOK = 15.0
RETRY = 5.0


class ElectedForecasting:
    """Forecasting by the worker that holds the lock.

    It learns the history, and each minute from then on, while it lives, and publishes its forecasts
    to all workers.

    Attributes:
        forecasting: what this worker learns with, once it is elected.
    """

    def __init__(
        self, forecasting: Forecasting, locks: DistributedLocks, board: ForecastBoard
    ) -> None:
        """No thread is started, and no request is made yet."""
        self.forecasting = forecasting
        forecasting.subscribe(self._publish)
        self._board = board
        # The token that marks this worker as the elected one at the board; None: it is not elected.
        self._token: int | None = None
        self._lock = locks.create_lock(LOCK, LEASE, wait=0, of_process=True)
        self._mutex = threading.Lock()
        self._asked: list[Future[Mapping[str, Any]]] = []
        self._report: dict[str, Any] | None = None
        self._housekeeper = Housekeeper("yoto-forecaster")
        self._wake = self._housekeeper.add("election", self._turn)

    def start(self) -> None:
        """Stand for election from now on."""
        self._housekeeper.start()

    def close(self) -> None:
        """Leave the election and forget what was learned, so that another can be elected."""
        self._housekeeper.stop()
        self.forecasting.close()
        if self._lock.held:
            with suppress(LockLost):
                self._lock.release()

    def learn(self, timeout: float = 60.0) -> Mapping[str, Any]:
        """Make sure that a worker has learned the history.

        Returns:
            ``elected``: whether it is this worker; if so, also its report.

        Raises:
            StoreUnavailable: the elected worker is unknown, or the history was unavailable.
            TimeoutError: that took longer than ``timeout`` seconds.
        """
        asked: Future[Mapping[str, Any]] = Future()
        with self._mutex:
            self._asked.append(asked)
        self.start()
        self._wake()
        return asked.result(timeout)

    def _turn(self) -> float:
        try:
            answer = self._stand()
        except StoreUnavailable as error:
            self._answer(error)
            return RETRY
        self._answer(answer)
        return LOOK

    def _stand(self) -> Mapping[str, Any]:
        if self._report is not None and self._lock.held:
            return self._report
        if self._report is not None:
            # Another worker may forecast by now.
            self._report = self._token = None
            self.forecasting.close()
        if not keeps_lock(self._lock):
            return {"elected": False}
        self._token = self._lock.token
        try:
            report = self.forecasting.learn_history()
        except StoreUnavailable:
            self._token = None
            self._lock.release()
            raise
        self._report = {"elected": True} | asdict(report)
        return self._report

    def _publish(self, snapshot: ForecastSnapshot) -> None:
        """Publish a forecast; runs in the thread that made it."""
        token = self._token
        if token is None:
            return
        try:
            if not self._board.write(snapshot, token):
                # Another worker was elected; the election's own thread notices and resigns.
                self._wake()
        except StoreUnavailable as error:
            log.warning("forecasts are not told now: %s", error)

    def _answer(self, answer: Mapping[str, Any] | Exception) -> None:
        with self._mutex:
            asked, self._asked = self._asked, []
        for one in asked:
            if isinstance(answer, Exception):
                one.set_exception(answer)
            else:
                one.set_result(answer)


def elect_forecaster(app: Flask) -> ElectedForecasting:
    """Prepare this process of ``app`` for the election, which begins with ``start``."""
    found = ElectedForecasting(
        learning_from(Monitor.of(app)), AdvancedOptimization.of(app).locks, forecast_board(app)
    )
    app.extensions[EXTENSION_KEY] = found
    return found


def elected_forecaster(app: Flask) -> ElectedForecasting:
    """The forecasting that ``elect_forecaster`` made for ``app``."""
    found: ElectedForecasting = app.extensions[EXTENSION_KEY]
    return found
