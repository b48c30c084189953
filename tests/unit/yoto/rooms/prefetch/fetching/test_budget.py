"""The budget follows precision, down and up again, and never spends what it does not have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.prefetch.fetching.budget import (
    BATCH,
    EXPLORE_SHARE,
    EXPLORING_BATCH,
    FIRST_WINDOW,
    LEAST_WINDOW,
    Budget,
)
from yoto.rooms.prefetch.settings import PrefetchSettings

SETTINGS = PrefetchSettings(rate=50.0, precision=0.4, memory_share=0.1, confidence=0.2)


def new_budget() -> Budget:
    return Budget(SETTINGS, capacity=10_000, now=0.0)


def settle(budget: Budget, used: int, unused: int) -> None:
    for _ in range(used):
        budget.settle(True)
    for _ in range(unused):
        budget.settle(False)


def turned_down() -> Budget:
    budget = new_budget()
    while not budget.exploring:
        settle(budget, 0, BATCH)
    return budget


def test_good_batches_widen_a_window_that_is_in_use_and_ask_for_less_confidence() -> None:
    budget = new_budget()
    confidence = budget.confidence
    budget.allowance(undecided=int(FIRST_WINDOW), now=1.0)
    settle(budget, BATCH, 0)
    assert budget.window == 2 * FIRST_WINDOW
    assert budget.confidence < confidence
    settle(budget, BATCH, 0)  # nobody used the wider one
    assert budget.window == 2 * FIRST_WINDOW


def test_a_bad_batch_halves_what_was_in_use_and_asks_for_more_confidence() -> None:
    budget = new_budget()
    confidence = budget.confidence
    settle(budget, 0, BATCH)
    assert budget.window == FIRST_WINDOW / 2
    assert budget.confidence > confidence


def test_wrong_predictions_turn_it_down_within_a_few_batches() -> None:
    budget = new_budget()
    settle(budget, 0, 5 * BATCH)
    assert budget.exploring and budget.window == LEAST_WINDOW
    assert budget.confidence == SETTINGS.confidence


def test_exploring_takes_one_in_a_hundred_of_the_work_there_is() -> None:
    budget = turned_down()
    assert budget.allowance(0, now=100.0) == 0
    spent = 0
    for number in range(1, 10_001):
        budget.missed(1)
        allowed = budget.allowance(0, now=100.0 + number)
        budget.spend(allowed)
        spent += allowed
    assert 0.5 * EXPLORE_SHARE * 10_000 <= spent <= EXPLORE_SHARE * 10_000


def test_good_outcomes_while_exploring_turn_it_up_again() -> None:
    budget = turned_down()
    settle(budget, EXPLORING_BATCH, 0)
    assert not budget.exploring and budget.window > LEAST_WINDOW


@given(st.lists(st.tuples(st.floats(-100, 100), st.integers(0, 50)), max_size=50))
def test_no_clock_however_it_jumps_gives_more_than_the_rate(moves: list[tuple[float, int]]) -> None:
    budget, now, forward, spent = new_budget(), 0.0, 0.0, 0
    for move, undecided in moves:
        now += move
        forward += max(0.0, move)
        allowed = budget.allowance(undecided, now)
        assert allowed >= 0
        budget.spend(allowed)
        spent += allowed
    assert spent <= SETTINGS.rate * (forward + 1) + 1


@given(st.lists(st.booleans(), max_size=600))
def test_its_bounds_hold_whatever_happens(outcomes: list[bool]) -> None:
    budget = new_budget()
    for used in outcomes:
        budget.settle(used)
        assert LEAST_WINDOW <= budget.window <= budget.largest
        assert SETTINGS.confidence <= budget.confidence <= 1.0
