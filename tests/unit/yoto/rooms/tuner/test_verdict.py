"""Better, the same, worse, or nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.monitor import names, series
from yoto.monitor.history import Point
from yoto.rooms.tuner.verdict import (
    METRICS,
    Verdict,
    bulkhead_refusals,
    compare,
    pool_waits,
    readings,
)

STEADY = [0.50, 0.51, 0.49, 0.50, 0.51, 0.49]
NOISY = [0.1, 0.9, 0.2, 0.8, 0.1, 0.9]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (STEADY, [one + 0.3 for one in STEADY], Verdict.BETTER),
        (STEADY, [one - 0.3 for one in STEADY], Verdict.WORSE),
        (STEADY, [one - 0.01 for one in STEADY], Verdict.SAME),
        (NOISY, [one - 0.1 for one in NOISY], Verdict.SAME),
        (STEADY, STEADY[:4], Verdict.UNKNOWN),
        ([], STEADY, Verdict.UNKNOWN),
    ],
)
def test_a_hit_rate(before: list[float], after: list[float], verdict: Verdict) -> None:
    assert compare(before, after, "l1_hit_rate") is verdict


def test_a_longer_time_is_worse() -> None:
    assert compare([10.0] * 6, [20.0] * 6, "request_p95") is Verdict.WORSE
    assert compare([20.0] * 6, [10.0] * 6, "request_p95") is Verdict.BETTER


values = st.lists(st.floats(0, 1000), min_size=5, max_size=20)
OPPOSITE = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


def ten_seconds(waited: int, refused: int) -> Point:
    """A hundred callers of a pool, and of a bulkhead."""
    point = Point(0, 10)
    for outcome, count in (("at_once", 100 - waited), ("waited", waited)):
        about = {"pool": "permissions", "outcome": outcome}
        point.counters[series(names.POOL_TAKES, about)] = count
    about = {"kind": "bulkhead", "name": "report"}
    point.counters[series(names.PASSES, about)] = 100 - refused
    point.counters[series(names.REJECTIONS, about)] = refused
    return point


def test_what_was_made_smaller_is_judged_by_who_waits_or_is_refused_for_it() -> None:
    before = [ten_seconds(0, 0)] * 6
    for metric, after in (
        (pool_waits("permissions"), ten_seconds(20, 0)),
        (bulkhead_refusals("report"), ten_seconds(0, 20)),
    ):
        was, became = readings(before, metric), readings([after] * 6, metric)
        assert (was, became) == ([0.0] * 6, [0.2] * 6)
        assert compare(was, became, metric) is Verdict.WORSE
        assert compare(became, was, metric) is Verdict.BETTER
        # One in two hundred is nothing that anybody would make it larger for.
        assert compare(was, [0.005] * 6, metric) is Verdict.SAME
        assert readings([Point(0, 10)], metric) == []
    assert readings(before, pool_waits("requests")) == []


@given(values, st.sampled_from(sorted(METRICS)))
def test_what_did_not_change_is_never_worse(before: list[float], metric: str) -> None:
    assert compare(before, list(before), metric) is Verdict.SAME


@given(values, values)
def test_what_is_better_for_one_direction_is_worse_for_the_other(
    before: list[float], after: list[float]
) -> None:
    verdict = compare(before, after, "l1_hit_rate")
    assert compare(before, after, "request_p95") is OPPOSITE.get(verdict, verdict)
