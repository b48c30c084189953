"""The time of Redis does not follow the clock of this machine."""

from __future__ import annotations

from pytest import approx

from yoto.prefetch.clock import SharedClock


def test_setting_the_machines_clock_changes_nothing() -> None:
    monotonic, wall = [100.0], [5_000.0]
    clock = SharedClock(lambda: monotonic[0], lambda: wall[0])
    assert clock.now() == 5_000.0
    wall[0] += 10 * 365 * 24 * 3600
    monotonic[0] += 3.0
    assert clock.now() == 5_003.0


def test_redis_is_right() -> None:
    monotonic = [100.0]
    clock = SharedClock(lambda: monotonic[0], lambda: 5_000.0)
    clock.heard(9_000_000.0)
    monotonic[0] += 1.5
    assert clock.now() == approx(9_001.5)
    assert clock.at(100.0) == approx(9_000.0)
