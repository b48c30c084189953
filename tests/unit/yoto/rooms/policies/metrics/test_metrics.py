"""Counting decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.policies.metrics.counts import (
    BOUNDS_US,
    MAX_CODES,
    OTHER_CODES,
    EngineMetrics,
    LatencyHistogram,
    Throughput,
)
from yoto.rooms.policies.metrics.per_policy import (
    Complexity,
    PolicyLedger,
    codes_of,
    complexity_of,
    policies_of_code,
)


@given(st.lists(st.floats(0, 5e6), min_size=1, max_size=50), st.floats(0.01, 1.0))
def test_a_quantile_is_not_exceeded_by_its_share_of_the_latencies(
    latencies: list[float], share: float
) -> None:
    histogram = LatencyHistogram()
    for latency in latencies:
        histogram.add(latency)
    bound = histogram.quantile(share)
    assert bound is not None
    assert sum(latency <= bound for latency in latencies) >= share * len(latencies) - 1e-9
    assert bound <= max(latencies)


def test_a_histogram_without_latencies_knows_nothing() -> None:
    assert LatencyHistogram().quantile(0.5) is None
    assert LatencyHistogram().to_plain()["mean_us"] is None


def test_a_histogram_tells_what_came_since() -> None:
    histogram = LatencyHistogram()
    histogram.add(5e5)
    before = histogram.snapshot()
    for _ in range(3):
        histogram.add(20.0)
    assert histogram.since(before).quantile(0.95) == 25.0
    assert histogram.since(before).total == 3
    assert sum(histogram.counts) == 4 and len(histogram.counts) == len(BOUNDS_US) + 1


def test_throughput_is_a_mean_over_the_last_seconds() -> None:
    now = [0.0]
    throughput = Throughput(lambda: now[0])
    for second in range(30):
        now[0] = second + 0.5
        for _ in range(4):
            throughput.add()
    now[0] = 30.0
    assert throughput.per_second() == 4.0
    now[0] = 60.0
    assert throughput.per_second() == 0.0


def test_an_engine_counts_decisions_by_code_and_by_where_they_came_from() -> None:
    metrics = EngineMetrics()
    metrics.evaluated(30.0)
    metrics.decided(False, ("time.closed", "network.blocked"), cached=False)
    metrics.decided(False, ("time.closed",), cached=True)
    metrics.failed(unavailable=True)
    metrics.decided(False, ("policy_unavailable",), cached=None)
    counts = metrics.read()
    assert (counts.decisions, counts.evaluations, counts.denies, counts.unavailable) == (3, 2, 3, 1)
    assert counts.denies_by_code["time.closed"] == 2
    assert (counts.cache_hits, counts.cache_misses, counts.uncacheable) == (1, 1, 1)


def test_codes_that_are_made_up_do_not_fill_the_memory() -> None:
    metrics = EngineMetrics()
    for number in range(MAX_CODES + 10):
        metrics.decided(False, (f"code-{number}",), cached=None)
    counts = metrics.read().denies_by_code
    assert len(counts) == MAX_CODES + 1 and counts[OTHER_CODES] == 10


def test_a_denial_is_counted_for_the_policies_that_can_give_its_code() -> None:
    codes = {
        "time": codes_of('deny contains "time.closed" if not open\n# deny contains "made.up"'),
        "net": codes_of('deny contains `net.blocked` if input.lifts != "time.closed"'),
        "quota": codes_of('deny contains sprintf("missing:%s", [x]) if { some x in y }'),
        "odds": codes_of('deny contains sprintf("%d%% of %v", [x, y]) if x'),
        "usage": codes_of('deny contains c if c := sprintf("missing:usage.%s", [x])'),
        "last": codes_of('package yoto.authz\n\ndeny contains "closed for good"'),
        "computed": codes_of('deny contains code if code := {"a": "odd"}[input.x]'),
        "none": codes_of('helper if input.code == "odd"'),
    }
    assert policies_of_code("time.closed", codes) == ["time"]
    assert policies_of_code("net.blocked", codes) == ["net"]
    assert policies_of_code("missing:context.quota.a", codes) == ["quota"]
    assert policies_of_code("7% of 9", codes) == ["odds"]
    assert policies_of_code("missing:usage.members", codes) == ["quota", "usage"]
    assert policies_of_code("closed for good", codes) == ["last"]
    assert policies_of_code("odd", codes) == ["computed"]
    assert policies_of_code("made.up", codes) == []


def test_a_policy_goes_on_counting_until_it_has_another_version() -> None:
    ledger = PolicyLedger()
    sources = {"time": 'deny contains "closed" if x', "net": 'deny contains "blocked" if y'}
    ledger.loaded({"time": 1, "net": 1}, sources)
    ledger.denied(["closed", "blocked"])
    ledger.loaded({"time": 1, "net": 2}, sources)
    ledger.denied(["closed"])
    read = ledger.read({"time": Complexity(1, 1, 20)}, {})
    assert (read["time"].denies, read["net"].denies) == ({"closed": 2}, {})
    assert read["net"].complexity.rules is None and read["time"].latency is None


def test_complexity_counts_rules_and_expressions() -> None:
    source = "package yoto.authz\n\na if input.x\n\nb if {\n\tinput.y\n\tinput.z > 1\n}\n"
    small = complexity_of("small", source)
    assert (small.rules, small.source_bytes) == (2, len(source))
    assert small.expressions is not None and small.expressions >= 3
    assert complexity_of("broken", "package (").rules is None
