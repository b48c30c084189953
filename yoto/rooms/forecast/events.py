"""Events of the forecasts: each fact is published once."""

from __future__ import annotations

from collections.abc import Iterator

from yoto.events import Event, event_type

from .snapshot import ForecastSnapshot

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
