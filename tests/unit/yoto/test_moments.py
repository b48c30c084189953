"""Moments and times in milliseconds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.moments import milliseconds


@given(st.floats(0.01, 86_400.0))
def test_milliseconds_are_the_nearest_whole_number(seconds: float) -> None:
    assert abs(milliseconds(seconds) - seconds * 1000) <= 0.5


@given(st.floats(0.0, 0.001))
def test_a_part_of_a_millisecond_is_one(seconds: float) -> None:
    assert milliseconds(seconds) == 1
