"""Taking down recent inputs."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from yoto.rooms.policies.recent import RecentInputs


def masked(document: Any) -> Any:
    return {key: "***" if key == "token" else value for key, value in document.items()}


def test_inputs_are_kept_masked() -> None:
    recent = RecentInputs(masked)
    recent.offer(lambda: {"subject": 1, "token": "secret"})
    (taken,) = recent.latest()
    assert taken == '{"subject":1,"token":"***"}'


def test_the_ring_is_bounded_and_shared_once() -> None:
    recent = RecentInputs(masked, capacity=3)
    for number in range(5):
        recent.offer(partial(dict, subject=number))
    assert recent.latest() == [f'{{"subject":{n}}}' for n in (2, 3, 4)]
    assert len(recent.take_unshared()) == 3 and not recent.take_unshared()
    assert len(recent.latest()) == 3


def test_no_more_than_so_many_a_second_are_made_and_taken() -> None:
    now, made = [7.0], list[int]()

    def document() -> dict[str, Any]:
        made.append(1)
        return {}

    recent = RecentInputs(masked, per_second=2, clock=lambda: now[0])
    for _ in range(9):
        recent.offer(document)
    now[0] = 8.0
    recent.offer(document)
    assert len(recent.latest()) == len(made) == 3


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_share_of_the_decisions_is_looked_at(share: float) -> None:
    recent = RecentInputs(masked, capacity=1_000, per_second=10_000)
    recent.share = share
    for _ in range(500):
        recent.offer(lambda: {})
    assert (0 < len(recent.latest()) < 300) if share else not recent.latest()


def test_an_input_that_is_too_long_to_keep_is_left_out() -> None:
    recent = RecentInputs(lambda document: {"masked": "too long"})
    recent.offer(lambda: {"subject": 1})
    assert not recent.latest()
