"""Every metric of one process, by series."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from yoto.errors import ConfigurationError

from .distribution import Distribution
from .metrics import Counter, Gauge, Histogram
from .series import Series, series

Metric: TypeAlias = Counter | Gauge | Histogram
M = TypeVar("M", Counter, Gauge, Histogram)

# Series of a process. A label made from users' input would otherwise grow without end.
MOST_SERIES = 2_000
COUNTER_ENDING = "_total"
_ENDINGS: Mapping[type[Metric], str] = {Counter: COUNTER_ENDING, Histogram: "_seconds"}


class Recorder:
    """Makes a metric at the first request for its series, and returns the same one from then on.

    Look a metric up once and keep it: writing to it is the hot path, the look-up is not.

    Attributes:
        refused: series requested beyond ``MOST_SERIES``. Values written to them are not
            counted.
    """

    def __init__(self, most_series: int = MOST_SERIES) -> None:
        self._most = most_series
        self._lock = threading.Lock()
        self._metrics: dict[Series, Metric] = {}
        self._kinds: dict[str, type[Metric]] = {}
        self.refused = 0
        self._read: Callable[[], None] = _nothing

    def read_first(self, read: Callable[[], None]) -> None:
        """Call ``read`` before metrics are drained, to count values that still wait elsewhere."""
        self._read = read

    def counter(self, name: str, **labels: str) -> Counter:
        """The counter of a series; its name ends with ``_total``.

        Raises:
            ValidationFailed: the name, or a label's, is malformed.
            ConfigurationError: the name has another ending, or belongs to another kind of metric
                already.
        """
        return self._get(Counter, name, labels)

    def gauge(self, name: str, **labels: str) -> Gauge:
        """The gauge of a series; raises as ``counter``."""
        return self._get(Gauge, name, labels)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """The histogram of a series; its name ends with ``_seconds``; raises as ``counter``."""
        return self._get(Histogram, name, labels)

    def drain(
        self,
    ) -> tuple[dict[Series, float], dict[Series, float], dict[Series, Distribution]]:
        """The counts and observations since the last call, and the present values of gauges.

        Returns:
            Counters, gauges and histograms; those without news are left out.
        """
        counters: dict[Series, float] = {}
        gauges: dict[Series, float] = {}
        histograms: dict[Series, Distribution] = {}
        self._read()
        with self._lock:
            metrics = list(self._metrics.items())
        for about, metric in metrics:
            if isinstance(metric, Counter):
                if added := metric.drain():
                    counters[about] = added
            elif isinstance(metric, Gauge):
                if (value := metric.read()) is not None:
                    gauges[about] = value
            elif (found := metric.drain()).counts:
                histograms[about] = found
        return counters, gauges, histograms

    def _get(self, kind: type[M], name: str, labels: dict[str, str]) -> M:
        about = series(name, labels)
        with self._lock:
            known = self._kinds.get(name)
            if known is not None and known is not kind:
                raise ConfigurationError(name, f"is a {known.__name__.lower()} already")
            if not name.endswith(_ENDINGS.get(kind, "")):
                raise ConfigurationError(
                    name, f"must end with {_ENDINGS[kind]}: it is a {kind.__name__.lower()}"
                )
            found = self._metrics.get(about)
            if found is None:
                found = kind()
                if len(self._metrics) < self._most:
                    self._metrics[about] = found
                    self._kinds[name] = kind
                else:
                    self.refused += 1
        assert isinstance(found, kind)
        return found


def _nothing() -> None:
    """No recorded values."""
