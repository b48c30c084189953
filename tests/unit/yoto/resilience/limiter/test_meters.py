"""The promises of every algorithm, on meters in memory and a clock of numbers."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.resilience.algorithms import Meter, Quota, algorithm_names, find_algorithm, until_more

WINDOW = 10.0
ALL = algorithm_names()
WINDOWED = ["sliding_window", "sliding_log", "fixed_window"]
# Rounding of sums of seconds as long as these tests run.
NEARLY = 1e-6

# Thousandths of a second between calls, and units a call.
calls = st.lists(st.tuples(st.integers(0, 6_000), st.integers(1, 4)), min_size=1, max_size=60)
limits = st.integers(1, 12)


def quota(limit: int, capacity: int | None = None, window: float = WINDOW) -> Quota:
    return Quota(limit, window, limit if capacity is None else capacity)


def hit(meter: Meter, now: float, cost: int, allowed: Quota) -> bool:
    if meter.wait(now, cost, allowed) > 0:
        return False
    meter.charge(now, cost, allowed)
    return True


def admitted(
    algorithm: str, arrivals: list[tuple[int, int]], allowed: Quota
) -> list[tuple[float, int]]:
    """Time and units of what was let in."""
    meter = find_algorithm(algorithm).meter(0.0)
    times = [ms / 1000 for ms in accumulate(pause for pause, _ in arrivals)]
    return [
        (at, cost)
        for at, (_, cost) in zip(times, arrivals, strict=True)
        if hit(meter, at, cost, allowed)
    ]


def most_in_a_window(log: list[tuple[float, int]], window: float = WINDOW) -> int:
    return max(
        (sum(cost for at, cost in log if start <= at < start + window) for start, _ in log),
        default=0,
    )


@given(calls, limits)
def test_a_sliding_log_never_holds_more_than_the_limit_in_any_window(
    arrivals: list[tuple[int, int]], limit: int
) -> None:
    log = admitted("sliding_log", arrivals, quota(limit))
    assert most_in_a_window(log, WINDOW - NEARLY) <= limit


@pytest.mark.parametrize("algorithm", ["token_bucket", "leaky_bucket"])
@given(calls, limits, st.integers(1, 12), st.integers(1, 30))
def test_a_bucket_never_admits_more_than_burst_plus_rate_in_any_time(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int, burst: int, seconds: int
) -> None:
    log = admitted(algorithm, arrivals, quota(limit, burst))
    assert most_in_a_window(log, seconds) <= burst + limit / WINDOW * seconds + NEARLY


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window"])
@given(calls, limits)
def test_two_counters_never_admit_more_than_twice_the_limit_in_any_window(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int
) -> None:
    assert most_in_a_window(admitted(algorithm, arrivals, quota(limit))) <= 2 * limit


@pytest.mark.parametrize("algorithm", ALL)
@given(calls, limits)
def test_waiting_as_long_as_told_admits_and_a_tenth_less_does_not(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int
) -> None:
    allowed = quota(limit)
    meter = find_algorithm(algorithm).meter(0.0)
    now = 0.0
    for pause, cost in arrivals:
        now += pause / 1000
        wait = meter.wait(now, cost, allowed)
        if wait > 0 and cost <= limit:
            if wait > 0.001:
                assert meter.wait(now + 0.9 * wait, cost, allowed) > 0
            assert meter.wait(now + wait + NEARLY, cost, allowed) == 0
            now += wait + NEARLY
        hit(meter, now, cost, allowed)


@pytest.mark.parametrize("algorithm", ALL)
@given(calls, limits)
def test_remaining_units_pass_and_one_more_does_not(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int
) -> None:
    allowed = quota(limit)
    meter = find_algorithm(algorithm).meter(0.0)
    now = 0.0
    for pause, cost in arrivals:
        now += pause / 1000
        left = meter.status(now, allowed).remaining
        assert 0 <= left <= limit
        if left:
            assert meter.wait(now, left, allowed) == 0
        assert meter.wait(now, left + 1, allowed) > 0
        hit(meter, now, cost, allowed)


@pytest.mark.parametrize("algorithm", ALL)
@given(calls, limits)
def test_after_the_reset_time_everything_is_free(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int
) -> None:
    allowed = quota(limit)
    meter = find_algorithm(algorithm).meter(0.0)
    now = 0.0
    for pause, cost in arrivals:
        now += pause / 1000
        hit(meter, now, cost, allowed)
    reset = meter.status(now, allowed).reset_after
    assert reset <= 2 * WINDOW + NEARLY
    assert meter.status(now + reset + NEARLY, allowed).remaining == limit


@pytest.mark.parametrize("algorithm", ALL)
@given(calls, limits, st.integers(1, 30))
def test_giving_back_never_passes_the_limit(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int, units: int
) -> None:
    allowed = quota(limit)
    meter = find_algorithm(algorithm).meter(0.0)
    now = 0.0
    for pause, cost in arrivals:
        now += pause / 1000
        hit(meter, now, cost, allowed)
    before = meter.status(now, allowed).remaining
    meter.charge(now, -units, allowed)
    after = meter.status(now, allowed).remaining
    # Units of the last window weigh less by now, and are given back at that weight.
    least = before if algorithm == "sliding_window" else min(limit, before + units) - 1
    assert least <= after <= min(limit, before + units)


@pytest.mark.parametrize("algorithm", ALL)
def test_ten_pass_and_the_eleventh_does_not(algorithm: str) -> None:
    allowed, meter = quota(10), find_algorithm(algorithm).meter(0.0)
    assert [hit(meter, 0.0, 1, allowed) for _ in range(11)] == [True] * 10 + [False]
    assert meter.status(0.0, allowed).remaining == 0


@pytest.mark.parametrize("algorithm", ALL)
def test_a_refused_call_costs_nothing(algorithm: str) -> None:
    allowed, meter = quota(10), find_algorithm(algorithm).meter(0.0)
    hit(meter, 0.0, 9, allowed)
    before = meter.used(0.0, allowed)
    assert not hit(meter, 0.0, 5, allowed)
    assert meter.used(0.0, allowed) == before


def test_a_bucket_asked_in_vain_again_and_again_still_fills() -> None:
    allowed, meter = quota(1), find_algorithm("token_bucket").meter(0.0)
    hit(meter, 0.0, 1, allowed)
    tries = [hit(meter, second / 2, 1, allowed) for second in range(1, 21)]
    assert tries.index(True) == 19


@pytest.mark.parametrize("algorithm", ALL)
def test_a_limit_raised_live_keeps_what_was_used(algorithm: str) -> None:
    meter = find_algorithm(algorithm).meter(0.0)
    for _ in range(10):
        hit(meter, 0.0, 1, quota(10))
    assert meter.status(0.0, quota(15)).remaining == 5


@pytest.mark.parametrize("algorithm", ALL)
def test_a_limit_lowered_live_leaves_nothing_and_never_less(algorithm: str) -> None:
    meter = find_algorithm(algorithm).meter(0.0)
    for _ in range(10):
        hit(meter, 0.0, 1, quota(10))
    assert meter.status(0.0, quota(3)).remaining == 0
    assert meter.wait(0.0, 1, quota(3)) > 0


@pytest.mark.parametrize("algorithm", ALL)
def test_a_limit_of_nothing_refuses_all(algorithm: str) -> None:
    allowed, meter = quota(0), find_algorithm(algorithm).meter(0.0)
    assert meter.wait(0.0, 1, allowed) == WINDOW
    meter.charge(0.0, 1, allowed)
    assert meter.status(5.0, allowed).remaining == 0


@pytest.mark.parametrize("algorithm", ALL)
def test_a_limit_and_a_cost_of_a_million_work(algorithm: str) -> None:
    allowed, meter = quota(1_000_000), find_algorithm(algorithm).meter(0.0)
    assert hit(meter, 0.0, 1_000_000, allowed)
    assert not hit(meter, 0.0, 1, allowed)
    assert meter.wait(0.0, 1_000_001, allowed) == WINDOW


@pytest.mark.parametrize("algorithm", ALL)
def test_a_clock_that_steps_back_gives_nothing_away(algorithm: str) -> None:
    allowed, meter = quota(10), find_algorithm(algorithm).meter(100.0)
    for _ in range(10):
        hit(meter, 100.0, 1, allowed)
    assert meter.wait(95.0, 1, allowed) > 0


def test_an_exact_window_frees_exactly_what_left_it() -> None:
    allowed, meter = quota(10, window=2.0), find_algorithm("sliding_log").meter(0.0)
    early = [hit(meter, at / 10, 1, allowed) for at in range(5)]
    late = [hit(meter, 1.3 + at / 10, 1, allowed) for at in range(5)]
    assert early + late == [True] * 10
    assert not hit(meter, 1.9, 1, allowed)
    assert [hit(meter, 2.45, 1, allowed) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize("algorithm", ALL)
@pytest.mark.parametrize("step", [1.0, 5.0, 3_600.0])
def test_a_clock_that_went_back_locks_nobody_out_beyond_what_is_told(
    algorithm: str, step: float
) -> None:
    allowed = quota(10, window=40.0)
    meter = find_algorithm(algorithm).meter(step)
    meter.charge(step, 10, allowed)
    told = meter.wait(0.0, 1, allowed)
    assert 0 < told <= 80
    assert meter.wait(told / 2, 1, allowed) == pytest.approx(told / 2)
    assert meter.wait(told + 1e-6, 1, allowed) == 0


@pytest.mark.parametrize("algorithm", ["token_bucket", "leaky_bucket", "fixed_window"])
@given(arrivals=calls, limit=limits, pause=st.integers(0, 6_000))
def test_more_is_there_when_it_is_said_to_be_and_not_before(
    algorithm: str, arrivals: list[tuple[int, int]], limit: int, pause: int
) -> None:
    allowed, meter, now = quota(limit), find_algorithm(algorithm).meter(0.0), 0.0
    for waited, cost in arrivals:
        now += waited / 1000
        hit(meter, now, cost, allowed)
    now += pause / 1000
    left, reset = meter.status(now, allowed)
    step = find_algorithm(algorithm).step(allowed)
    assert step is not None
    more = until_more(reset, step)
    if reset <= 1e-3:
        return
    assert 0 < more <= reset + NEARLY
    assert meter.status(now + more * 0.99, allowed).remaining == left
    assert meter.status(now + more + 1e-3, allowed).remaining > left
