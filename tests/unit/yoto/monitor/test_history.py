"""Points, the backlog, cells, sources, summaries: the pure parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.monitor import Distribution, MemoryBackend, Series, names, series
from yoto.monitor.backends.delivery import Backlog
from yoto.monitor.backends.layout import to_cells, to_point
from yoto.monitor.history import COARSE, FINE, Batch, Point
from yoto.monitor.sources import Counted, Distributed, Measured, Sample, Sources
from yoto.monitor.summary import summarise

HITS = Series("hits_total")
COUNTS = st.dictionaries(
    st.sampled_from([HITS, series("hits_total", {"tier": 'l"1'}), Series("others_total")]),
    st.integers(1, 1000),
)
SPREADS = st.dictionaries(
    st.sampled_from([Series("a_seconds"), Series("b_seconds")]),
    st.lists(st.floats(0, 100), min_size=1).map(Distribution.of),
)
GAUGES = st.dictionaries(st.sampled_from([Series("x"), Series("y")]), st.floats(-10, 10))


@given(COUNTS, GAUGES, SPREADS)
def test_cells_read_back_as_the_point_they_were_made_from(
    counts: dict[Series, float], gauges: dict[Series, float], spreads: dict[Series, Distribution]
) -> None:
    adding, rising, _ = to_cells(Batch(counts, gauges, spreads))
    flat = adding + rising
    made = to_point(60, 60, zip(flat[::2], flat[1::2], strict=True))
    expected = Point(60, 60)
    expected.add(Batch(counts, gauges, spreads))
    assert made == expected


def test_cells_of_kinds_that_are_not_known_are_passed_over() -> None:
    assert to_point(0, 1, [("z:hits_total", 1), ("c:no series", 1), ("hx:a", 1)]) == Point(0, 1)


@given(st.lists(st.sampled_from(["record", "record", "record", "deliver", "fail"]), max_size=80))
def test_a_backlog_delivers_everything_once_however_it_is_packed(acts: list[str]) -> None:
    backlog = Backlog(longest=1e9, most=6, clock=iter(range(10_000)).__next__)
    recorded = 0
    delivered: dict[int, float] = {}

    def deliver(heard: bool) -> None:
        parcel = backlog.first()
        if parcel is None:
            return
        assert parcel.sequence is not None
        # As the server does: a value that it has already is not taken again.
        already = delivered.setdefault(parcel.sequence, parcel.batch.counters.get(HITS, 0))
        assert already == parcel.batch.counters.get(HITS, 0)
        if heard:
            backlog.taken(parcel)

    for act in acts:
        if act == "record":
            recorded += 1
            backlog.add(Batch({HITS: 1}), 1.0)
            assert len(backlog) <= 6 + 1
        else:
            deliver(act == "deliver")
    while len(backlog):
        deliver(True)
    assert sum(delivered.values()) == recorded
    assert list(delivered) == sorted(delivered)


def test_a_backlog_gives_up_what_no_point_takes_any_more() -> None:
    now = [0.0]
    backlog = Backlog(longest=100, most=2, clock=lambda: now[0])
    backlog.add(Batch({HITS: 1}), 3.0)
    now[0] = 200
    for _ in range(3):
        backlog.add(Batch({HITS: 1}), 1.0)
    assert backlog.lost_seconds == 3.0


def test_memory_keeps_a_bounded_number_of_points() -> None:
    now = [1_000_000.0]
    backend = MemoryBackend((FINE.keeping(10), COARSE.keeping(120)), lambda: now[0])
    for _ in range(100):
        backend.record(Batch({HITS: 1}))
        now[0] += 1
    fine = backend.read(FINE, 0).points
    assert len(fine) <= 11 and fine[-1].at == 1_000_099
    assert sum(point.counted("hits_total") for point in backend.read(COARSE, 0).points) == 100
    now[0] -= 1_000
    backend.record(Batch({HITS: 1}))
    assert len(backend.read(FINE, 0).points) <= 11


def test_sources_tell_what_is_new_and_begin_anew_when_they_fell() -> None:
    count, distribution = [3], Distribution.of([0.1])

    def source() -> Iterator[Sample]:
        yield Counted("hits_total", count[0])
        yield Measured("size", 7.0, {"kind": "users"})
        yield Distributed("call_seconds", distribution)

    sources = Sources()
    sources.add("cache", source)

    def collect() -> Batch:
        batch = Batch()
        sources.collect(batch)
        return batch

    first = collect()
    assert first.counters == {HITS: 3}
    assert first.gauges == {series("size", {"kind": "users"}): 7.0}
    assert first.histograms[Series("call_seconds")].count == 1
    count[0] = 10
    distribution.add_all([0.2, 0.3])
    second = collect()
    assert second.counters == {HITS: 7}
    assert second.histograms[Series("call_seconds")].count == 2
    count[0] = 4
    assert collect().counters == {HITS: 4}
    assert collect().counters == {}


def test_a_source_that_raises_is_counted_and_loses_nothing() -> None:
    broken = [True]

    def source() -> list[Sample]:
        if broken[0]:
            return [Counted("no name!", 1)]
        return [Counted("hits_total", 5)]

    sources = Sources()
    sources.add("bad", source)
    sources.add("good", lambda: [Counted("others_total", 1)])
    batch = Batch()
    sources.collect(batch)
    failures = series(names.SOURCE_FAILURES, {"source": "bad"})
    assert batch.counters == {failures: 1, Series("others_total"): 1}
    broken[0] = False
    batch = Batch()
    sources.collect(batch)
    assert batch.counters == {HITS: 5}
    sources.add("good", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    batch = Batch()
    sources.collect(batch)
    assert batch.counters == {series(names.SOURCE_FAILURES, {"source": "good"}): 1}


def test_a_summary_of_a_minute() -> None:
    point = Point(600, 60)
    point.add(
        Batch(
            {
                series(names.REQUESTS, {"area": "messages", "status": "2xx"}): 570,
                series(names.REQUESTS, {"area": "messages", "status": "5xx"}): 30,
                series(names.CHECKS, {"tier": "l1", "result": "allowed"}): 90,
                series(names.CHECKS, {"tier": "db", "result": "denied"}): 10,
                series(names.LOOKUPS, {"tier": "l1", "result": "hit"}): 80,
                series(names.LOOKUPS, {"tier": "l1", "result": "miss"}): 20,
                series(names.LOOKUPS, {"tier": "l2", "result": "hit"}): 5,
                series(names.LOOKUPS, {"tier": "l2", "result": "miss"}): 15,
                Series(names.FLUSHED_SECONDS): 120.0,
                series(names.CPU, {"mode": "user"}): 30.0,
            },
            {Series(names.MEMORY): 100.0},
            {Series(names.REQUEST_TIME): Distribution.of([0.010] * 100)},
        )
    )
    found = summarise(point)
    assert (found.at, found.workers, found.cpu, found.memory_bytes) == (600, 2.0, 0.5, 100.0)
    assert (found.requests, found.errors, found.request_rate, found.error_rate) == (
        *(600, 30, 10.0),
        0.05,
    )
    assert (found.decisions, found.allowed, found.denied) == (100, 90, 10)
    assert (found.hit_rate, found.l1_hit_rate, found.l2_hit_rate) == (0.85, 0.8, 0.25)
    assert found.request is not None and found.request.p95 == pytest.approx(10, rel=0.2)
    assert found.check is None and found.staleness is None


def test_a_summary_of_nothing_says_unknown_and_not_zero() -> None:
    found = summarise(Point(0, 60))
    assert (found.hit_rate, found.error_rate, found.memory_bytes, found.request) == (None,) * 4
