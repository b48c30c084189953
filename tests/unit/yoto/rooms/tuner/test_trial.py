"""When a change that is observed is kept, and when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.monitor import names, series
from yoto.monitor.history import Point
from yoto.resilience import TuningConfig
from yoto.rooms.tuner.trial import (
    METRICS,
    PATIENCE,
    SETTLE,
    Points,
    Trial,
    TuningStep,
    Verdict,
    bulkhead_refusals,
    compare,
    next_step,
    outcome_of,
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


AT, WINDOW = 1_000.0, 100.0
DUE = AT + WINDOW * (1 + SETTLE)
TRIAL = Trial("cache_users_size", None, 200, "l1_hit_rate", AT)


def measured(before: float, after: float, until: float = 1e9) -> Points:
    """Hit rates of ten-second points before and after the change; none from ``until`` on."""

    def points(since: float, end: float) -> Sequence[Point]:
        found = []
        for at in range(int(since), int(min(end, until)), 10):
            rate = before if at < AT else after
            hits, misses = rate * 1000, (1 - rate) * 1000
            about = [series(names.LOOKUPS, {"tier": "l1", "result": r}) for r in ("hit", "miss")]
            found.append(Point(at, 10, dict(zip(about, (hits, misses), strict=True))))
        return found

    return points


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        (0.5, 0.9, TuningStep.KEEP),
        (0.5, 0.5, TuningStep.KEEP),
        (0.5, 0.49, TuningStep.KEEP),
        (0.5, 0.3, TuningStep.REVERT),
    ],
)
def test_what_does_no_harm_is_kept(before: float, after: float, step: TuningStep) -> None:
    found, why = next_step(TRIAL, DUE, WINDOW, measured(before, after))
    assert found is step
    assert why.startswith(f"l1_hit_rate was {before:.4g} and became {after:.4g}")
    verdict, figures = outcome_of(why)
    assert verdict == (
        "worse" if step is TuningStep.REVERT else "better" if after > before else "same"
    )
    assert figures == {"before": before, "after": after}


def test_nothing_is_judged_before_its_time() -> None:
    points = measured(0.5, 0.1)
    assert next_step(TRIAL, DUE - 0.1, WINDOW, points)[0] is TuningStep.WAIT


def test_what_cannot_be_measured_is_waited_for_and_then_kept() -> None:
    points = measured(0.5, 0.9, until=AT)
    end = AT + PATIENCE * (DUE - AT)
    assert next_step(TRIAL, end - 1, WINDOW, points)[0] is TuningStep.WAIT
    assert next_step(TRIAL, end, WINDOW, points)[0] is TuningStep.KEEP


def test_a_trial_is_stored_and_read_back() -> None:
    assert Trial.of(TRIAL.to_plain()) == TRIAL
    assert Trial.of(None) is None


def test_a_trial_that_1_0_0_stored_is_read() -> None:
    stored = {**TRIAL.to_plain(), "by_itself": True}
    assert Trial.of(stored) == TRIAL
    assert TuningConfig.from_mapping({"trial": stored}).trial == TRIAL.to_plain()
    assert TRIAL.id == "cache_users_size=200"
