"""Counters, gauges, histograms: exact under threads, cheap, bounded."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.together import together
from yoto.errors import ConfigurationError, ValidationFailed
from yoto.monitor import Counter, Distribution, Histogram, Recorder, Series
from yoto.monitor.distribution import BOUNDS, place
from yoto.monitor.history import Batch
from yoto.monitor.recording import MOST_WAITING

SECONDS = st.floats(min_value=0, max_value=2_000, allow_nan=False)


@given(SECONDS)
def test_a_value_is_counted_between_its_bounds(value: float) -> None:
    number = place(value)
    assert number == len(BOUNDS) or value <= BOUNDS[number]
    assert number == 0 or value > BOUNDS[number - 1]


@given(st.lists(SECONDS.filter(lambda value: 2e-6 <= value <= 1_000), min_size=1), st.floats(0, 1))
def test_a_quantile_is_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    found = Distribution.of(values).quantile(share)
    true = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    assert found is not None
    # The bucket that holds it: at most one bound beside.
    assert true / 2**0.25 * (1 - 1e-9) <= found <= true * 2**0.25 * (1 + 1e-9)


@given(st.lists(st.lists(SECONDS), max_size=5))
def test_merging_is_counting_together(parts: list[list[float]]) -> None:
    merged = Distribution()
    for part in parts:
        merged.merge(Distribution.of(part))
    whole = Distribution.of([value for part in parts for value in part])
    assert merged.counts == whole.counts
    assert merged.total == pytest.approx(whole.total)


@given(st.lists(SECONDS), st.lists(SECONDS))
def test_what_came_since_is_the_difference(before: list[float], after: list[float]) -> None:
    earlier = Distribution.of(before)
    now = Distribution.of(before + after)
    assert now.since(earlier).counts == Distribution.of(after).counts
    if before:
        # One that is smaller than it was began anew.
        assert Distribution().since(earlier) == Distribution()


def test_what_is_no_number_is_not_observed() -> None:
    found = Distribution.of([float("nan"), float("inf"), 0.5])
    assert (found.count, found.total) == (1, 0.5)
    assert Distribution().quantile(0.5) is None and Distribution().mean is None


def test_threads_lose_nothing() -> None:
    counter, histogram = Counter(), Histogram()
    writers, each = 8, MOST_WAITING * 3
    drained: list[float] = []

    def write() -> None:
        for _ in range(each):
            counter.add()
            counter.add(2)
            histogram.observe(0.001)

    def read() -> None:
        for _ in range(200):
            drained.append(counter.drain())

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        together([write] * writers + [read])
    finally:
        sys.setswitchinterval(interval)
    assert sum(drained) + counter.drain() == writers * each * 3
    assert histogram.drain().count == writers * each


def test_what_nobody_reads_stays_small() -> None:
    counter, histogram = Counter(), Histogram()
    for _ in range(3 * MOST_WAITING):
        counter.add()
        histogram.observe(1.0)
    assert len(counter._waiting) <= MOST_WAITING and len(histogram._waiting) <= MOST_WAITING
    assert counter.drain() == histogram.drain().count == 3 * MOST_WAITING


def test_names_are_checked() -> None:
    recorder = Recorder()
    with pytest.raises(ValidationFailed):
        recorder.counter("no-name_total")
    with pytest.raises(ConfigurationError, match="must end with _total"):
        recorder.counter("hits")
    with pytest.raises(ConfigurationError, match="must end with _seconds"):
        recorder.histogram("time_ms")
    recorder.gauge("x_total")
    with pytest.raises(ConfigurationError, match="is a gauge already"):
        recorder.counter("x_total", tier="l1")


def test_a_series_has_one_metric_and_a_process_a_bounded_number() -> None:
    recorder = Recorder(most_series=2)
    assert recorder.counter("a_total", x="1") is recorder.counter("a_total", x="1")
    recorder.counter("a_total", x="2").add(3)
    recorder.counter("a_total", x="3").add(5)
    assert recorder.refused == 1
    assert recorder.drain() == Batch({Series("a_total", (("x", "2"),)): 3})


def test_draining_tells_what_is_new() -> None:
    recorder = Recorder()
    recorder.counter("a_total").add(2)
    recorder.gauge("b").set(4.0)
    recorder.gauge("c").set(float("nan"))
    recorder.histogram("d_seconds").observe(0.5)
    found = recorder.drain()
    assert found.counters == {Series("a_total"): 2}
    assert found.gauges == {Series("b"): 4.0}
    assert found.histograms[Series("d_seconds")].count == 1
    assert recorder.drain() == Batch({}, {Series("b"): 4.0})
