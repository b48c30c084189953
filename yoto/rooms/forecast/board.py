"""The store of forecasts: written by the elected worker, read by all others."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from yoto.errors import StaleToken
from yoto.events import Events, EventStream
from yoto.monitor.extension import Monitor
from yoto.optimization import AdvancedOptimization, FencedStore

from .events import news_of
from .snapshot import ForecastReport, ForecastSnapshot

NAME = "forecasts"


class ForecastBoard:
    """One value in Redis, which only the elected worker may write, kept for a day."""

    def __init__(
        self, store: FencedStore, stream: EventStream, now: Callable[[], float], instance: str
    ) -> None:
        """No request is made yet.

        Args:
            store: holds the value.
            stream: takes the events.
            now: epoch seconds, by the clock of the monitor's store.
            instance: the id of this worker.
        """
        self._store = store
        self._stream = stream
        self._now = now
        self._instance = instance
        self._reported: frozenset[str] = frozenset()

    def write(self, snapshot: ForecastSnapshot, token: int) -> bool:
        """Replace the previous forecast, and publish the news in it.

        Args:
            token: the fencing token of the lock by which this worker was elected.

        Returns:
            Whether this worker is the elected one; another that came later is not overwritten.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        now = self._now()
        try:
            self._store.write(NAME, ForecastReport(now, self._instance, snapshot).encode(), token)
        except StaleToken:
            return False
        reported = set()
        for event, fact in news_of(snapshot, now):
            # A forecast that Redis did not take is published again with the next minute.
            if fact in self._reported or self._stream.publish_once(event, fact):
                reported.add(fact)
        self._reported = frozenset(reported)
        return True

    def read(self) -> ForecastReport | None:
        """The last forecast, by any worker; None: there was none within a day.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        stored = self._store.read(NAME)
        return None if stored is None else ForecastReport.decode(stored)


def forecast_board(app: Flask) -> ForecastBoard:
    """The board of ``app``."""
    return ForecastBoard(
        AdvancedOptimization.of(app).locks.fenced_store(),
        Events.of(app).stream,
        Monitor.of(app).now,
        Events.of(app).instance_id,
    )
