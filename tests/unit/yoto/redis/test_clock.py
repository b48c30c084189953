"""Redis time without asking Redis."""

from __future__ import annotations

import time

import pytest

from yoto.redis import ServerClock


class Hands:
    """A monotonic clock that a test turns."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_it_goes_on_from_what_the_server_told() -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    hands.at = 102.5
    assert clock.now_ms() == pytest.approx(5_002_500)


def test_half_of_the_round_trip_is_taken_for_the_way_back() -> None:
    hands = Hands()
    clock = ServerClock(hands)
    hands.at = 100.4
    clock.observe(5_000_000, asked_at=100.0)
    assert clock.now_ms() == pytest.approx(5_000_200)


def test_the_fastest_of_the_last_answers_says_it_best() -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    # The way there took long and the way back did not, so the middle is wrong by 200 ms.
    hands.at = 100.4
    clock.observe(5_000_400, asked_at=100.0)
    assert clock.now_ms() == pytest.approx(5_000_400)


def test_an_old_answer_is_forgotten_after_a_while() -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    for _ in range(8):
        asked, hands.at = hands.at, hands.at + 0.4
        # The server's clock runs a little slow, within what the round trip leaves open.
        clock.observe(5_000_000 + (hands.at - 100.0) * 1000 - 220, asked_at=asked)
    assert clock.now_ms() == pytest.approx(5_000_000 + 3_200 - 20)


@pytest.mark.parametrize("jump", [-3_600_000, 5, 3_600_000])
def test_a_server_with_another_clock_is_believed_at_once(jump: float) -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    hands.at = 101.0
    clock.observe(5_001_000 + jump, asked_at=101.0)
    assert clock.now_ms() == pytest.approx(5_001_000 + jump)


def test_a_moment_of_the_past_is_told_in_redis_time() -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    hands.at = 102.5
    assert clock.at(101.5) == pytest.approx(5_001.5)
    assert clock.now() == pytest.approx(5_002.5)


def test_before_redis_answered_the_wall_clock_must_do() -> None:
    clock = ServerClock()
    assert not clock.known
    assert clock.now() == pytest.approx(time.time(), abs=1)


@pytest.mark.parametrize("known", [False, True])
def test_setting_the_clock_of_the_machine_changes_nothing(known: bool) -> None:
    hands, wall = Hands(), [5_000.0]
    clock = ServerClock(hands, lambda: wall[0])
    if known:
        clock.observe(5_000_000, asked_at=100.0)
    assert clock.known is known
    wall[0] += 10 * 365 * 24 * 3600
    hands.at += 3.0
    assert clock.now() == pytest.approx(5_003.0)
