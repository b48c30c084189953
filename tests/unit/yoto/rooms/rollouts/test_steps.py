"""A worker's decision on values that it tries, as numbers alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.resilience.settings.tuning import RolloutConfig
from yoto.rooms.rollouts.trials import Observed, RolloutStep, next_step

CONFIG = RolloutConfig(seconds=60, minimum_calls=20, max_rejected=0.1, max_failed=0.2)
COUNT = st.integers(0, 200)
SHARE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("seconds", "seen", "step"),
    [
        (1, Observed(19, 0, 0), RolloutStep.WAIT),
        (1, Observed(17, 3, 0), RolloutStep.TAKE_BACK),
        (1, Observed(18, 2, 0), RolloutStep.WAIT),
        (1, Observed(0, 19, 0), RolloutStep.WAIT),
        (1, Observed(20, 0, 5), RolloutStep.TAKE_BACK),
        (1, Observed(20, 0, 4), RolloutStep.WAIT),
        (60, Observed(20, 0, 0), RolloutStep.PROMOTE),
        (60, Observed(19, 0, 0), RolloutStep.TAKE_BACK),
        (60, Observed(0, 0, 0), RolloutStep.TAKE_BACK),
        # Nearly all of the few that were let through failed.
        (60, Observed(19, 1, 19), RolloutStep.TAKE_BACK),
    ],
)
def test_enough_calls_decide_and_what_is_bad_decides_at_once(
    seconds: float, seen: Observed, step: RolloutStep
) -> None:
    found, why = next_step(CONFIG, seconds, seen)
    assert found is step and bool(why) is (step is not RolloutStep.WAIT)


@given(COUNT, COUNT, COUNT, st.floats(0, 120), SHARE, SHARE, st.integers(1, 50))
def test_no_values_reach_all_that_passed_a_bound_or_were_not_tried_enough(
    passed: int, rejected: int, failed: int, seconds: float, most_rejected: float,
    most_failed: float, minimum: int,
) -> None:  # fmt: skip
    config = RolloutConfig(
        seconds=60, minimum_calls=minimum, max_rejected=most_rejected, max_failed=most_failed
    )
    seen = Observed(passed, rejected, min(failed, passed))
    step, _ = next_step(config, seconds, seen)
    if step is RolloutStep.PROMOTE:
        assert seconds >= 60 and seen.calls >= minimum
        assert seen.rejected <= most_rejected * seen.calls
        assert seen.failed <= most_failed * seen.passed
    if step is RolloutStep.WAIT:
        assert seconds < 60


@given(COUNT, COUNT, st.floats(0, 120), COUNT)
def test_one_more_rejection_never_makes_it_better(
    passed: int, rejected: int, seconds: float, more: int
) -> None:
    if passed + rejected < CONFIG.minimum_calls:
        return
    before, _ = next_step(CONFIG, seconds, Observed(passed, rejected, 0))
    after, _ = next_step(CONFIG, seconds, Observed(passed, rejected + more, 0))
    assert before is after or after is RolloutStep.TAKE_BACK
