"""The text of a scrape, which prometheus_client reads, and would have written the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from yoto.monitor import MemoryBackend
from yoto.monitor.backends import PrometheusBackend, Totals, WorkerState, WorkerStatus
from yoto.monitor.distribution import Distribution
from yoto.monitor.history import Point
from yoto.monitor.series_names import series

AWKWARD = 'a "quoted" \\ back-slash,\nand a line'
WORKER = WorkerStatus("w", "here", 7, WorkerState.ALIVE, 0.0, 0.0, {series("size"): 1.5})


class Read(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def rendered(monkeypatch: Any, counted: dict[Any, float]) -> tuple[bytes, dict[Any, float]]:
    """The text, and what it says."""
    point = Point(0, 0)
    point.counters.update(counted)
    point.histograms[series("wait_seconds", {"path": AWKWARD})] = Distribution.of([0.003, 1e6, 2.0])
    point.histograms[series("wait_seconds", {"tier": "l1"})] = Distribution.of([])
    store = MemoryBackend()
    monkeypatch.setattr(store, "totals", lambda: Totals(point, [WORKER], True))
    text = PrometheusBackend(store).render()
    families = list(text_string_to_metric_families(text.decode()))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Read(families))
    assert generate_latest(registry) == text
    return text, {
        (one.name, *sorted(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def test_it_says_what_the_platform_counted(monkeypatch: Any) -> None:
    hits = {series("hits_total", {"tier": "l1"}): 12_345_678.0, series("hits_total"): 0.5}
    for _ in range(2):  # the second time its lines are remembered
        _, said = rendered(monkeypatch, hits)
        assert said["hits_total", ("tier", "l1")] == 12_345_678
        assert said["hits_total", ("tier", "")] == 0.5  # what a series lacks is empty
        assert said["size", ("worker", "7")] == 1.5
        waits = ("path", AWKWARD), ("tier", "")
        assert said["wait_seconds_sum", *waits] == 1_000_002.003
        assert said["wait_seconds_count", *waits] == 3
        below = {
            labels["le"]: value
            for (name, *pairs), value in said.items()
            for labels in [dict(pairs)]
            if name == "wait_seconds_bucket" and labels["path"]
        }
        assert list(below.values()) == sorted(below.values())
        assert (below["0.00390625"], below["2"], below["+Inf"]) == (1, 2, 3)
    _, said = rendered(monkeypatch, {series("hits_total", {"tier": "l1"}): 3.0})
    assert said["hits_total", ("tier", "l1")] == 3
