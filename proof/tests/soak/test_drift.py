"""The judge of the soak finds a planted leak, and takes nothing else for one."""

from __future__ import annotations

import math
import random

import pytest

from proof.soak.drift import Bound, Outcome, blocks, judge, table, theil_sen

MB = 1e6
LEAST = Bound(8 * MB)
# Two minutes, looked at twice a second; and an hour, every five seconds.
SHORT = [0.5 * n for n in range(240)]
LONG = [5.0 * n for n in range(720)]


def memory(times: list[float], leak: float, seed: int = 1) -> list[float]:
    """Bytes of a worker: a saw of garbage, noise, peaks, and ``leak`` bytes a second."""
    draw = random.Random(seed)
    return [
        150 * MB
        + 2 * MB * ((at % 17) / 17)
        + draw.gauss(0, 0.5 * MB)
        + (60 * MB if draw.random() < 0.03 else 0)
        + leak * at
        for at in times
    ]


def outcome(times: list[float], values: list[float]) -> Outcome:
    return judge("worker", "bytes", times, values, LEAST).outcome


@pytest.mark.parametrize("seed", range(5))
def test_a_leak_of_a_hundred_kilobytes_a_second_is_found_in_two_minutes(seed: int) -> None:
    assert outcome(SHORT, memory(SHORT, 100_000, seed)) is Outcome.DRIFTS


@pytest.mark.parametrize("seed", range(5))
def test_twice_the_bound_is_found_in_an_hour(seed: int) -> None:
    assert outcome(LONG, memory(LONG, 2 * LEAST.growth / 3600, seed)) is Outcome.DRIFTS


@pytest.mark.parametrize("seed", range(20))
def test_what_stays_is_no_leak_however_it_shakes(seed: int) -> None:
    assert outcome(LONG, memory(LONG, 0, seed)) is Outcome.STEADY
    assert outcome(SHORT, memory(SHORT, 0, seed)) is not Outcome.DRIFTS


def test_what_shrinks_is_steady() -> None:
    assert outcome(LONG, memory(LONG, -5000)) is Outcome.STEADY


def test_too_short_a_series_says_nothing() -> None:
    assert outcome([0, 1, 2], [1, 2, 3]) is Outcome.UNCLEAR


def test_a_share_of_the_level_counts_where_it_is_more() -> None:
    assert Bound(2, 0.1).allowed(10) == 2
    assert Bound(2, 0.1).allowed(100) == 10


def test_the_slope_is_that_of_most_pairs() -> None:
    times = [float(n) for n in range(21)]
    values = [3 * at for at in times]
    values[4], values[13] = 1e9, -1e9
    slope = theil_sen(times, values)
    assert slope.middle == 3
    assert slope.low <= 3 <= slope.high
    with pytest.raises(ValueError, match="two moments"):
        theil_sen([1.0], [1.0])


def test_blocks_are_medians_in_order() -> None:
    assert blocks([0, 1, 2, 3], [5, 7, 1, 3], number=2) == ([0.5, 2.5], [6, 2])
    at, _ = blocks(LONG, LONG)
    assert len(at) <= 40 and at == sorted(at) and not math.isnan(at[0])


def test_the_table_names_what_drifts_first() -> None:
    found = [
        judge("a", "bytes", LONG, memory(LONG, 0), LEAST),
        judge("z", "bytes", LONG, memory(LONG, 50_000), LEAST),
    ]
    _, _, first, second = table(found).splitlines()
    assert first.startswith("| z |") and first.endswith("DRIFTS |")
    assert second.endswith("steady |")
    still = judge("b", "bytes", LONG, [3.0] * len(LONG), LEAST)
    assert still.outcome is Outcome.STEADY and "1 that never moved" in table([still])
