"""Forecasts the platform's metrics from its summaries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from yoto.monitor.summary import Quantiles, Summary

from .metric import HISTORY, Anomaly, Drift, Forecast, LastValue, MetricForecaster, NoForecast


@dataclass(frozen=True, slots=True)
class Metric:
    """A value read from a summary, with its unit and its range."""

    read: Callable[[Summary], float | None]
    unit: str
    low: float | None = 0.0
    high: float | None = None


def _p95(found: Quantiles | None) -> float | None:
    return None if found is None else found.p95


METRICS: Mapping[str, Metric] = {
    "request_rate": Metric(lambda one: one.request_rate, "per_second"),
    "error_rate": Metric(lambda one: one.error_rate, "ratio", high=1.0),
    "decision_rate": Metric(lambda one: one.decisions / one.seconds, "per_second"),
    "hit_rate": Metric(lambda one: one.hit_rate, "ratio", high=1.0),
    "request_p95_ms": Metric(lambda one: _p95(one.request), "ms"),
    "check_p95_ms": Metric(lambda one: _p95(one.check), "ms"),
    "load_p95_ms": Metric(lambda one: _p95(one.load), "ms"),
    "memory_bytes": Metric(lambda one: one.memory_bytes, "bytes"),
    "cpu": Metric(lambda one: one.cpu, "s/s"),
}


@dataclass(frozen=True, slots=True)
class LearnReport:
    """The result of learning.

    Attributes:
        summaries: minutes given; ``new`` of them had not been learned before.
        values: number of values that each metric learned.
        offered: metrics with a forecast now.
        silent: the other metrics, with the reason.
        seconds: duration of the learning.
    """

    summaries: int
    new: int
    values: Mapping[str, int] = field(default_factory=dict)
    offered: tuple[str, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Forecaster:
    """One model field for each of ``METRICS``. Safe for threads; the first ``learn`` loads
    ``river``."""

    def __init__(self, metrics: Mapping[str, Metric] = METRICS) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._forecasters: dict[str, MetricForecaster] = {}
        self._learned_to: int | None = None

    @property
    def learned_to(self) -> int | None:
        """Epoch second at which the newest minute began that was learned; None before any."""
        return self._learned_to

    def learn(self, summaries: Iterable[Summary]) -> LearnReport:
        """Learn minutes in the order of time; those that were learned already are skipped.

        Values missing in a minute are not learned, so that no metric takes "unknown" for zero.
        """
        began = monotonic()
        with self._lock:
            values = dict.fromkeys(self._metrics, 0)
            seen = new = 0
            for summary in sorted(summaries, key=lambda one: one.at):
                seen += 1
                if self._learned_to is not None and summary.at <= self._learned_to:
                    continue
                new += 1
                self._prepare()
                self._learned_to = summary.at
                for name, metric in self._metrics.items():
                    value = metric.read(summary)
                    if value is not None:
                        values[name] += self._forecasters[name].learn(summary.at, value)
        snapshot = self.forecasts().values()
        return LearnReport(
            seen,
            new,
            values,
            tuple(one.metric for one in snapshot if isinstance(one, Forecast)),
            {one.metric: one.reason for one in snapshot if isinstance(one, NoForecast)},
            monotonic() - began,
        )

    def forecasts(self) -> dict[str, Forecast | NoForecast]:
        """By metric, the forecast or the reason why there is none."""
        with self._lock:
            if not self._forecasters:
                return {name: NoForecast(name, HISTORY, 0, None) for name in self._metrics}
            return {name: one.forecast() for name, one in self._forecasters.items()}

    def lasts(self) -> dict[str, LastValue]:
        """The last learned value by metric; metrics without any are left out."""
        with self._lock:
            lasts = {name: one.last for name, one in self._forecasters.items()}
        return {name: last for name, last in lasts.items() if last is not None}

    def scores(self) -> dict[str, float | None]:
        """The score (surprise) of the last minute, by metric; None: unknown."""
        with self._lock:
            return {name: one.score for name, one in self._forecasters.items()}

    def anomalies(self) -> list[Anomaly]:
        """The latest ones of all metrics, oldest first."""
        with self._lock:
            found = [one for made in self._forecasters.values() for one in made.anomalies]
        return sorted(found, key=lambda one: one.at)

    def drifts(self) -> list[Drift]:
        """The latest ones of all metrics, oldest first."""
        with self._lock:
            found = [one for made in self._forecasters.values() for one in made.drifts]
        return sorted(found, key=lambda one: one.at)

    def _prepare(self) -> None:
        if not self._forecasters:
            self._forecasters = {
                name: MetricForecaster(name, metric.low, metric.high)
                for name, metric in self._metrics.items()
            }
