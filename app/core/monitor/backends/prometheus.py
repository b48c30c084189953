"""What Prometheus scrapes: the sums of a host, in its text format, on top of another backend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .. import metric_names as names
from ..history import Counters, Gauges, Histograms, Resolution
from ..recording import BOUNDS, Distribution, Series
from ..recording.buckets import PER_OCTAVE
from .interface import Backend, BackendHealth, Reading, Totals, WorkerStatus

V = TypeVar("V")

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Of our bounds every fourth power of two, 16 in all: enough to draw, and not 121 lines a series.
SHOWN_PLACES = tuple(range(0, len(BOUNDS), 2 * PER_OCTAVE))
# Says which worker a gauge is from.
WORKER_LABEL = "worker"


class PrometheusBackend:
    """Leaves keeping to ``store`` and shows its totals. Counters are sums over all workers of the
    host, those that are gone too, so that none ever falls because one was replaced."""

    name = "prometheus"

    def __init__(self, store: Backend) -> None:
        self._store = store

    def render(self) -> bytes:
        """The text for a scrape.

        While the store cannot tell its sums there are none in it, and ``yoto_monitor_complete`` is
        0: sums that fell and rose again would count twice in every rate.
        """
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Totals(self._store.totals()))
        return generate_latest(registry)

    def record(self, counters: Counters, gauges: Gauges, histograms: Histograms) -> None:
        self._store.record(counters, gauges, histograms)

    def read(self, resolution: Resolution, since: float, until: float | None = None) -> Reading:
        return self._store.read(resolution, since, until)

    def totals(self) -> Totals:
        return self._store.totals()

    def workers(self) -> list[WorkerStatus]:
        return self._store.workers()

    def now(self) -> float:
        return self._store.now()

    @property
    def on_redis_time(self) -> bool:
        return self._store.on_redis_time

    def health(self) -> BackendHealth:
        behind = self._store.health()
        return BackendHealth(
            self.name,
            behind.available,
            "shows the sums" if behind.available else "shows the gauges of one worker",
            behind=behind,
        )

    def close(self) -> None:
        self._store.close()


class _Totals(Collector):
    """Totals as Prometheus's metric families."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            names.COMPLETE, names.HELP[names.COMPLETE], value=float(self._totals.complete)
        )
        point = self._totals.point
        for name, counters in _by_name(point.counters.items()):
            counter = CounterMetricFamily(name, _help(name), labels=_label_names(counters))
            for labels, value in counters:
                counter.add_metric(_values(labels, counters), value)
            yield counter
        for name, found in _by_name(point.histograms.items()):
            histogram = HistogramMetricFamily(name, _help(name), labels=_label_names(found))
            for labels, spread in found:
                histogram.add_metric(_values(labels, found), _buckets(spread), spread.total)
            yield histogram
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        said = [
            (Series(about.name, (*about.labels, (WORKER_LABEL, str(worker.pid)))), value)
            for worker in self._totals.workers
            for about, value in worker.gauges.items()
        ]
        for name, values in _by_name(said):
            gauge = GaugeMetricFamily(name, _help(name), labels=_label_names(values))
            for labels, value in values:
                gauge.add_metric(_values(labels, values), value)
            yield gauge


Lines = list[tuple[Mapping[str, str], V]]


def _by_name(items: Iterable[tuple[Series, V]]) -> list[tuple[str, Lines[V]]]:
    groups: dict[str, Lines[V]] = defaultdict(list)
    for about, value in items:
        groups[about.name].append((dict(about.labels), value))
    return sorted(groups.items())


def _label_names(lines: Lines[V]) -> list[str]:
    """Those that any of the lines has: within a family all must have the same."""
    return sorted({label for labels, _ in lines for label in labels})


def _values(labels: Mapping[str, str], lines: Lines[V]) -> list[str]:
    return [labels.get(label, "") for label in _label_names(lines)]


def _buckets(spread: Distribution) -> list[tuple[str, float]]:
    shown = [(f"{BOUNDS[number]:.6g}", float(spread.at_most(number))) for number in SHOWN_PLACES]
    return [*shown, ("+Inf", float(spread.count))]


def _help(name: str) -> str:
    return names.HELP.get(name, "")
