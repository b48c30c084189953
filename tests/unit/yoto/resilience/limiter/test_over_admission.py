"""Excess, as the campaign of leases counts it: each kind must be seen."""

from __future__ import annotations

import pytest

from tests.support.over_admission import Stay, Use, most_inside, most_over
from yoto.resilience.algorithms import Quota, algorithm_names

QUOTA = Quota(limit=10, window=1.0, capacity=10)
BEGIN = 1_000.0


def uses(*groups: tuple[int, float]) -> list[Use]:
    """So many uses at once, at so many seconds from the beginning, each."""
    return [
        Use(BEGIN + at + number * 1e-5, BEGIN + at + number * 1e-5 + 1e-5)
        for count, at in groups
        for number in range(count)
    ]


@pytest.mark.parametrize("algorithm", algorithm_names())
def test_as_many_as_the_limit_are_not_too_many_and_more_are(algorithm: str) -> None:
    starts = [BEGIN - 0.1]
    assert most_over(algorithm, QUOTA, uses((10, 0.0)), starts) == 0
    assert most_over(algorithm, QUOTA, uses((13, 0.0)), starts) == pytest.approx(3, abs=0.5)


def test_a_log_looks_at_any_second() -> None:
    spread = uses((5, 0.0), (5, 0.9), (5, 1.02), (5, 1.5))
    assert most_over("sliding_log", QUOTA, spread) == 5


def test_a_bucket_lets_in_what_drains() -> None:
    assert most_over("token_bucket", QUOTA, uses((10, 0.0), (5, 0.5))) == 0
    assert most_over("token_bucket", QUOTA, uses((10, 0.0), (8, 0.5))) > 2


def test_each_fixed_window_counts_by_itself() -> None:
    two = [BEGIN - 0.1, BEGIN + 0.9]
    assert most_over("fixed_window", QUOTA, uses((10, 0.7), (10, 1.0)), two) == 0
    assert most_over("fixed_window", QUOTA, uses((10, 0.7), (12, 1.0)), two) == 2


def test_a_sliding_window_counts_what_is_left_of_the_one_before() -> None:
    two = [BEGIN, BEGIN + 1.0]
    assert most_over("sliding_window", QUOTA, uses((10, 0.5), (5, 1.5)), two) == 0
    assert most_over("sliding_window", QUOTA, uses((10, 0.5), (8, 1.5)), two) > 2


def test_who_was_stopped_while_he_asked_counts_where_he_must_have_been_let_in() -> None:
    stopped = [Use(BEGIN - 5, BEGIN + 0.1)] * 20
    for algorithm in algorithm_names():
        assert most_over(algorithm, QUOTA, stopped, [BEGIN - 0.1]) == 0


def test_those_who_are_inside_at_once_are_counted() -> None:
    assert most_inside([Stay(0, 1), Stay(1, 2)]) == 1
    assert most_inside([Stay(0, 1.1), Stay(1, 2), Stay(1.05, 3)]) == 3
