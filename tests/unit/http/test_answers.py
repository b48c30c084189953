"""The share of failed answers."""

from __future__ import annotations

import pytest

from app.http.answers import HALF_LIFE, ErrorRate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def rate(failed: int, of: int, clock: Clock) -> ErrorRate:
    found = ErrorRate(clock)
    for number in range(of):
        found.add(number < failed)
    return found


def test_it_is_failures_among_answers() -> None:
    assert rate(10, 40, Clock()).share() == pytest.approx(0.25)


def test_a_few_answers_say_nothing() -> None:
    assert rate(5, 5, Clock()).share() == 0.0


def test_old_failures_fade() -> None:
    clock = Clock()
    found = rate(100, 100, clock)
    clock.now += HALF_LIFE
    for _ in range(50):
        found.add(False)
    assert found.share() == pytest.approx(0.5)
