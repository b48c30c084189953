"""Redis time without asking Redis."""

from __future__ import annotations

import time

import pytest

from yoto.resilience.config_store import ServerClock


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


def test_the_wall_clock_of_the_machine_decides_nothing_once_redis_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    monkeypatch.setattr(time, "time", lambda: 9e9)
    assert clock.now_ms() == pytest.approx(5_000_000)


def test_before_redis_answered_the_wall_clock_must_do() -> None:
    clock = ServerClock()
    assert clock.now_ms() == pytest.approx(time.time() * 1000, abs=1_000)
