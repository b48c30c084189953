"""Redis time without asking Redis."""

from __future__ import annotations

import time

import pytest

from app.core.resilience.config_store import ServerClock


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


def test_the_wall_clock_of_the_machine_decides_nothing_once_redis_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hands = Hands()
    clock = ServerClock(hands)
    clock.observe(5_000_000, asked_at=100.0)
    monkeypatch.setattr(time, "time", lambda: 9e9)
    assert clock.synchronised and clock.now_ms() == pytest.approx(5_000_000)


def test_before_redis_answered_the_wall_clock_must_do() -> None:
    clock = ServerClock()
    assert not clock.synchronised
    assert clock.now_ms() == pytest.approx(time.time() * 1000, abs=1_000)
