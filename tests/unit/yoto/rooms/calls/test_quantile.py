"""The duration that a share of the latest attempts did not exceed."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as some

from yoto.rooms.calls.quantile import ENOUGH, KEPT, RENEWED, Quantile


def test_it_is_unknown_until_enough_is_known() -> None:
    quantile = Quantile(0.95)
    for _ in range(ENOUGH - 1):
        quantile.add(1.0)
    assert quantile.value is None
    quantile.add(1.0)
    assert quantile.value == 1.0


@given(some.integers(0, 10**6), some.floats(0.5, 0.999))
def test_its_share_of_the_latest_is_no_longer(seed: int, share: float) -> None:
    chance = Random(seed)
    quantile, seconds = Quantile(share), [chance.expovariate(1.0) for _ in range(2 * KEPT)]
    for one in seconds:
        quantile.add(one)
    found = quantile.value
    assert found is not None
    # It may be as many additions old.
    latest = seconds[-KEPT:]
    assert sum(one < found for one in latest) <= share * KEPT + RENEWED
    assert sum(one <= found for one in latest) >= share * KEPT - RENEWED


def test_it_forgets_what_was_long_ago() -> None:
    quantile = Quantile(0.95)
    for seconds in [9.0] * KEPT + [1.0] * (KEPT + RENEWED):
        quantile.add(seconds)
    assert quantile.value == 1.0
