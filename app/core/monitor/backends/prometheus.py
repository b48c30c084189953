"""What Prometheus scrapes: the sums of a host, in its text format, on top of another backend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .. import metric_names as names
from ..recording import BOUNDS, Distribution, Series
from ..recording.buckets import PER_OCTAVE
from .forwarding import ForwardingBackend
from .interface import BackendHealth, Totals

V = TypeVar("V")

CONTENT_TYPE = CONTENT_TYPE_LATEST
# s between which thresholds are: there each shown bound is twice the one before, so that a quantile
# that Prometheus reads is off by less than that; beyond, four times.
FINE_FROM, FINE_TO = 2.0**-10, 2.0**3
# 24 lines a series with the one for all, and not 121.
SHOWN_PLACES = tuple(
    number
    for number in range(0, len(BOUNDS), PER_OCTAVE)
    if FINE_FROM <= BOUNDS[number] <= FINE_TO or number % (2 * PER_OCTAVE) == 0
)
# Says which worker a gauge is from.
WORKER_LABEL = "worker"


class PrometheusBackend(ForwardingBackend):
    """Leaves keeping to ``store`` and shows its totals. Counters are sums over all workers of the
    host, those that are gone too, so that none ever falls because one was replaced."""

    name = "prometheus"

    def render(self) -> bytes:
        """The text for a scrape.

        While the store cannot tell its sums there are none in it, and ``yoto_monitor_complete`` is
        0: sums that fell and rose again would count twice in every rate.
        """
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Totals(self._store.totals()))
        return generate_latest(registry)

    def health(self) -> BackendHealth:
        behind = self._store.health()
        return BackendHealth(
            self.name,
            behind.available,
            "shows the sums" if behind.available else "shows the gauges of one worker",
            behind=behind,
        )


class _Totals(Collector):
    """Totals as Prometheus's metric families."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            names.COMPLETE, names.HELP[names.COMPLETE], value=float(self._totals.complete)
        )
        point = self._totals.point
        for name, labels, counted in _families(point.counters.items()):
            counter = CounterMetricFamily(name, _help(name), labels=labels)
            for values, count in counted:
                counter.add_metric(values, count)
            yield counter
        for name, labels, spreads in _families(point.histograms.items()):
            histogram = HistogramMetricFamily(name, _help(name), labels=labels)
            for values, spread in spreads:
                histogram.add_metric(values, _buckets(spread), spread.total)
            yield histogram
        yield from self._gauges()

    def _gauges(self) -> Iterator[Metric]:
        said = [
            (Series(about.name, (*about.labels, (WORKER_LABEL, str(worker.pid)))), value)
            for worker in self._totals.workers
            for about, value in worker.gauges.items()
        ]
        for name, labels, levels in _families(said):
            gauge = GaugeMetricFamily(name, _help(name), labels=labels)
            for values, level in levels:
                gauge.add_metric(values, level)
            yield gauge


def _families(
    items: Iterable[tuple[Series, V]],
) -> Iterator[tuple[str, list[str], list[tuple[list[str], V]]]]:
    """Name, names of labels, and values of labels with the value; by name.

    Within a family all must have the same labels: one that a series lacks is empty.
    """
    groups: dict[str, list[tuple[dict[str, str], V]]] = defaultdict(list)
    for about, value in items:
        groups[about.name].append((dict(about.labels), value))
    for name, lines in sorted(groups.items()):
        labels = sorted({label for given, _ in lines for label in given})
        yield name, labels, [
            ([given.get(label, "") for label in labels], value) for given, value in lines
        ]


def _buckets(spread: Distribution) -> list[tuple[str, float]]:
    shown = [(f"{BOUNDS[number]:.6g}", float(spread.at_most(number))) for number in SHOWN_PLACES]
    return [*shown, ("+Inf", float(spread.count))]


def _help(name: str) -> str:
    return names.HELP.get(name, "")
