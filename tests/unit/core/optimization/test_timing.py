from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ValidationFailed
from app.core.optimization.lock import timing


@given(st.floats(timing.MIN_LEASE, timing.MAX_LEASE))
def test_a_lease_never_becomes_none(seconds: float) -> None:
    assert timing.milliseconds(seconds) >= 1
    assert abs(timing.milliseconds(seconds) - seconds * 1000) <= 0.5


def test_a_part_of_a_millisecond_is_one() -> None:
    assert timing.milliseconds(0.0001) == 1


@pytest.mark.parametrize(
    ("timeout", "wait", "field"),
    [
        (0, 1, "timeout"),
        (-1, 1, "timeout"),
        (0.001, 1, "timeout"),
        (1e9, 1, "timeout"),
        (float("nan"), 1, "timeout"),
        (1, -0.1, "wait"),
        (1, float("inf"), "wait"),
        (1, float("nan"), "wait"),
    ],
)
def test_times_without_sense_are_refused_by_name(timeout: float, wait: float, field: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        timing.check(timeout, wait)
    assert list(failed.value.errors) == [field]


def test_the_fence_outlives_the_lock() -> None:
    assert timing.fence_ttl(0.01) >= 60
    assert timing.fence_ttl(3_600) > 3_600


def test_a_waiter_polls_at_least_twice_before_it_is_taken_for_gone() -> None:
    assert timing.PATIENCE > 2 * timing.LONGEST_POLL


def test_two_renewals_may_fail_before_a_lease_is_given_up() -> None:
    assert timing.RENEW_SHARE + 2 * timing.RETRY_SHARE < timing.SAFE_SHARE < 1
