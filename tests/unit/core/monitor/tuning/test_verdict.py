"""Better, the same, worse, or nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.monitor.tuning import METRICS, Verdict, judge

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
    assert judge(before, after, "l1_hit_rate") is verdict


def test_a_longer_time_is_worse() -> None:
    assert judge([10.0] * 6, [20.0] * 6, "request_p95") is Verdict.WORSE
    assert judge([20.0] * 6, [10.0] * 6, "request_p95") is Verdict.BETTER


values = st.lists(st.floats(0, 1000), min_size=5, max_size=20)
OPPOSITE = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


@given(values, st.sampled_from(sorted(METRICS)))
def test_what_did_not_change_is_never_worse(before: list[float], metric: str) -> None:
    assert judge(before, list(before), metric) is Verdict.SAME


@given(values, values)
def test_what_is_better_for_one_direction_is_worse_for_the_other(
    before: list[float], after: list[float]
) -> None:
    verdict = judge(before, after, "l1_hit_rate")
    assert judge(before, after, "request_p95") is OPPOSITE.get(verdict, verdict)
