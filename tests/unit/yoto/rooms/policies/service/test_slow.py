"""Noticing that evaluations are slow."""

from __future__ import annotations

from yoto.rooms.policies.service.slow import MINIMUM, SlowWatch, Speed


def test_one_evaluation_that_was_held_up_says_nothing() -> None:
    watch = SlowWatch(alert_ms=10, limit_ms=100)
    for _ in range(MINIMUM):
        watch.add(50.0)
    assert watch.add(5e6) is Speed.FINE


def test_a_few_evaluations_say_nothing() -> None:
    watch = SlowWatch(alert_ms=10, limit_ms=100)
    assert {watch.add(5e6) for _ in range(MINIMUM - 1)} == {Speed.FINE}
    assert watch.add(5e6) is Speed.TOO_SLOW


def test_the_median_is_judged_by_two_bounds() -> None:
    watch = SlowWatch(alert_ms=10, limit_ms=100)
    assert [watch.add(20_000.0) for _ in range(MINIMUM)][-1] is Speed.SLOW
    assert watch.median_ms() == 20.0
    watch.forget()
    assert watch.speed() is Speed.FINE and watch.median_ms() == 0.0
