"""Sources that ask servers: what is told between two looks, and when nothing is."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from yoto.errors import StoreUnavailable
from yoto.monitor import MemoryBackend, names, sources
from yoto.monitor.monitoring import Monitoring
from yoto.monitor.sources import Measured, PolledCollector, Sample

ONE = Measured("shop_queue_length", 3)


def failing() -> Iterable[Sample]:
    raise ConnectionError("nobody is there")


def test_nothing_is_told_before_the_first_look() -> None:
    assert list(PolledCollector(lambda: [ONE], 5.0)()) == []


def test_the_last_answer_is_told_until_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(sources, "monotonic", lambda: now[0])
    slow = PolledCollector(lambda: [ONE], 5.0)
    assert slow.look() == 5.0
    now[0] += 14.9
    assert list(slow()) == [ONE]
    now[0] += 0.2
    assert list(slow()) == []


def test_a_source_that_takes_long_is_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(sources, "monotonic", lambda: now[0])

    def long() -> Iterable[Sample]:
        now[0] += 1.0
        return [ONE]

    assert PolledCollector(long, 5.0).look() == 20.0


def test_a_failure_is_told_and_is_no_old_answer() -> None:
    answers = [lambda: [ONE], failing, lambda: [ONE]]
    slow = PolledCollector(lambda: answers.pop(0)(), 5.0)
    slow.look()
    slow.look()
    with pytest.raises(RuntimeError, match="the last look failed") as told:
        slow()
    assert isinstance(told.value.__cause__, ConnectionError)
    slow.look()
    assert list(slow()) == [ONE]


def test_the_monitor_counts_failures_and_tells_answers_at_each_flush() -> None:
    backend = MemoryBackend()
    monitoring = Monitoring(backend)
    monitoring.add_slow_source("good", lambda: [ONE])
    monitoring.add_slow_source("bad", failing)
    for slow in monitoring._sources._sources.values():
        if isinstance(slow, PolledCollector):
            slow.look()
    monitoring.flush()
    point = backend.totals().point
    assert point.counted(names.SOURCE_FAILURES, source="bad") == 1
    (worker,) = backend.totals().workers
    assert [value for about, value in worker.gauges.items() if about.name == ONE.name] == [3]


def test_a_store_that_is_away_is_told_in_a_line_and_a_bug_with_its_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> Iterable[Sample]:
        raise StoreUnavailable("redis")

    monitoring = Monitoring(MemoryBackend())
    for name, source in (("bad", failing), ("away", away)):
        monitoring.add_slow_source(name, source)
    for slow in monitoring._sources._sources.values():
        if isinstance(slow, PolledCollector):
            slow.look()
    monitoring.flush()
    monitoring.flush()
    told = {one.getMessage().split("'")[1]: bool(one.exc_info) for one in caplog.records}
    assert told == {"bad": True, "away": False}
    assert "the source 'away' cannot be read: redis is unavailable" in caplog.text
