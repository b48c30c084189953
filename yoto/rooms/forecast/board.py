"""The store of forecasts: written by the elected worker, read by all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Flask

from yoto.errors import StaleToken
from yoto.events import Event, Events, EventStream, event_type
from yoto.monitor.extension import Monitor
from yoto.optimization import AdvancedOptimization, FencedStore

from .snapshot import ForecastReport, ForecastSnapshot

# s: a worker that takes over reads a whole day again, but older events are no news.
NEWS = 600.0


@event_type("forecast.anomaly")
class ForecastAnomaly(Event, frozen=True, kw_only=True):
    """A minute of a metric was not as expected; further ones in a row are not published.

    Attributes:
        metric: its name.
        minute: epoch second at which it began.
        value, expected: those of that minute, or of the worst one learned together with it.
        score: deviation in standard deviations of the error.
    """

    metric: str
    minute: int
    value: float
    expected: float
    score: float


@event_type("forecast.drift")
class ForecastDrift(Event, frozen=True, kw_only=True):
    """From about ``minute`` (epoch s) on the metric is harder, or easier, to forecast."""

    metric: str
    minute: int


def news_of(snapshot: ForecastSnapshot, now: float) -> Iterator[tuple[Event, str]]:
    """The news at the epoch second ``now``, each with the token that names the fact."""
    for found in snapshot.anomalies:
        if found.at >= now - NEWS:
            yield ForecastAnomaly(
                metric=found.metric,
                minute=found.at,
                value=found.value,
                expected=found.expected,
                score=found.score,
            ), f"forecast.anomaly:{found.metric}:{found.at}"
    for drift in snapshot.drifts:
        if drift.at >= now - NEWS:
            yield ForecastDrift(
                metric=drift.metric, minute=drift.at
            ), f"forecast.drift:{drift.metric}:{drift.at}"


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
