"""How long a failed item waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.queues.batch.call import retry_delay

SECONDS = st.floats(0.01, 86_400)


def test_each_wait_is_twice_the_one_before_until_the_longest() -> None:
    waits = [retry_delay(tries, 1.0, 10.0, draw=1.0) for tries in range(1, 7)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


@given(st.integers(1, 10_000), SECONDS, SECONDS, st.floats(0, 1))
def test_a_wait_is_never_longer_than_the_longest_nor_much_too_short(
    tries: int, first: float, longest: float, draw: float
) -> None:
    delay = retry_delay(tries, first, longest, draw)
    assert min(first, longest) / 2 <= delay <= longest


@given(st.integers(1, 50), st.floats(0, 1))
def test_a_later_try_is_never_sooner(tries: int, draw: float) -> None:
    assert retry_delay(tries, 0.5, 60.0, draw) <= retry_delay(tries + 1, 0.5, 60.0, draw)


def test_waits_differ() -> None:
    assert len({retry_delay(3, 1.0, 60.0) for _ in range(50)}) > 40
