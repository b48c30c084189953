"""Which span a look covers, and what is told of a moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.optimization import InvalidationSettings, Submission, Window
from yoto.permission.boundaries.rows import EMERGENCY, ENDS, STARTS, TIMEOUT, Boundary
from yoto.permission.boundaries.watch import OVERLAP, span_of, submission_of

SETTINGS = InvalidationSettings(boundary_horizon=10.0, boundary_fallback=3_600.0)
NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("looked_ms", "after"),
    [
        (None, NOW / 1000 - 3_600),
        (NOW - 1_000, NOW / 1000 - 1 - OVERLAP),
        # Nobody ran for a day.
        (NOW - 86_400_000, NOW / 1000 - 86_400 - OVERLAP),
        # Redis's clock was ahead when somebody looked, and was set back since.
        (NOW + 86_400_000, NOW / 1000 - OVERLAP),
    ],
)
def test_a_look_goes_back_to_the_last_one(looked_ms: int | None, after: float) -> None:
    assert span_of(Window(NOW, "e", looked_ms), SETTINGS) == (after, NOW / 1000 + 10)


@given(st.lists(st.integers(-10_000, 30_000), min_size=2, max_size=30))
def test_looks_in_a_row_leave_nothing_out_whatever_the_clock_does(steps: list[int]) -> None:
    """Each moment between the first and the last look is in the span of some look."""
    now, looked, covered = NOW, None, []
    for step in steps:
        now += step
        covered.append(span_of(Window(now, "e", looked), SETTINGS))
        looked = now
    times = [NOW + sum(steps[: count + 1]) for count in range(len(steps))]
    for moment in range(min(times), max(times), 5_000):
        assert any(after <= moment / 1000 <= before for after, before in covered)


@pytest.mark.parametrize(
    ("boundary", "submission"),
    [
        (
            Boundary(100.0, STARTS, 1, 42, 7),
            Submission("user:42", "role_starts", "all", "server:7", 100.5),
        ),
        (
            Boundary(100.0, ENDS, 1, 42, None),
            Submission("user:42", "role_ends", "all", None, 100.5),
        ),
        (
            Boundary(100.0, TIMEOUT, 1, 42, 7),
            Submission("user:42", "timeout_ends", "all", "server:7", 100.5),
        ),
        (
            Boundary(100.0, EMERGENCY, 1, 42, None),
            Submission("policy", "emergency_ends", "all", None, 100.5),
        ),
    ],
)
def test_a_moment_is_told_a_little_after_it(boundary: Boundary, submission: Submission) -> None:
    assert submission_of(boundary, 0.5) == submission
