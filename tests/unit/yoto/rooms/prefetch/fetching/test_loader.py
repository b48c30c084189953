"""After failures loading pauses, longer each time, and one probe finds that it works again."""

from __future__ import annotations

from yoto.rooms.prefetch.fetching.loader import LONGEST_PAUSE, TOLERATED, Backoff


def test_two_failures_are_bad_luck_and_the_third_pauses() -> None:
    backoff = Backoff()
    for _ in range(TOLERATED):
        backoff.failed(10.0)
        assert backoff.pause(10.0) == 0.0
    backoff.failed(10.0)
    assert backoff.pause(10.0) == 1.0 and backoff.probing


def test_pauses_double_up_to_a_minute() -> None:
    backoff = Backoff()
    pauses = []
    for _ in range(20):
        backoff.failed(10.0)
        pauses.append(backoff.pause(10.0))
    assert pauses[2:6] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == LONGEST_PAUSE


def test_one_success_ends_it() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.failed(10.0)
    backoff.succeeded()
    assert backoff.pause(10.0) == 0.0 and not backoff.probing
