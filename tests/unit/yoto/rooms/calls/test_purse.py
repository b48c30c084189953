"""The budget of one process."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as some

from tests.support.together import together
from yoto.rooms.calls.purse import MOST, Purse


@given(some.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), some.lists(some.booleans(), max_size=400))
def test_never_more_is_taken_than_was_put_in(share: float, acts: list[bool]) -> None:
    purse, put, taken = Purse(share), 0, 0
    for is_call in acts:
        if is_call:
            purse.put()
            put += 1
        else:
            taken += purse.take()
        assert taken <= put * share + 1e-6
        assert 0 <= purse.balance <= MOST


def test_five_calls_pay_for_one_retry() -> None:
    purse = Purse(0.2)
    assert not purse.take()
    for _ in range(5):
        purse.put()
    assert purse.take() and not purse.take()


def test_a_long_calm_pays_for_no_storm() -> None:
    purse = Purse(0.2)
    for _ in range(10_000):
        purse.put()
    assert sum(purse.take() for _ in range(100)) == MOST


def test_no_unit_is_given_twice_to_callers_at_once() -> None:
    purse = Purse(1.0, most=1_000.0)
    for _ in range(500):
        purse.put()

    def take() -> int:
        return sum(purse.take() for _ in range(200))

    many: list[Callable[[], int]] = [take] * 8
    assert sum(together(many)) == 500
