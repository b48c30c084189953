"""Points of the monitor as lines of charts."""

from __future__ import annotations

from yoto.monitor import Distribution, names, series
from yoto.monitor.history import Point
from yoto.operate.live.performance import KEYS, MOST_POINTS, joined, line_of, stretch_of


def second(at: int, allowed: int = 0, recorded: float = 1.0) -> Point:
    """One second of one worker."""
    point = Point(at, 1)
    point.counters[series(names.FLUSHED_SECONDS)] = recorded
    if allowed:
        point.counters[series(names.CHECKS, {"result": "allowed", "tier": "l1"})] = allowed
    return point


def test_what_nobody_recorded_is_null_and_not_zero() -> None:
    line = line_of(Point(7, 1))
    assert line == {"at": 7000, **dict.fromkeys(KEYS)}


def test_what_was_recorded_and_did_not_happen_is_zero_where_it_is_a_rate() -> None:
    line = line_of(second(7))
    zero = {key for key, value in line.items() if value == 0}
    assert zero == {
        "checks_allowed",
        "checks_denied",
        "checks_unknown",
        "request_rate",
        "rejection_rate",
    }
    assert line["error_rate"] is line["check_p99_ms"] is line["l1_hit_rate"] is None


def test_times_are_milliseconds_and_counts_are_by_second() -> None:
    point = second(0, allowed=30)
    point.seconds = 10
    point.histograms[series(names.CHECK_TIME)] = Distribution.of([0.001] * 100)
    point.counters[series(names.REJECTIONS, {"kind": "bulkhead", "name": "x"})] = 5
    line = line_of(point)
    assert (line["checks_allowed"], line["rejection_rate"]) == (3.0, 0.5)
    assert 0.8 < line["check_p50_ms"] <= line["check_p99_ms"] < 1.2


def test_points_are_taken_together_by_whole_steps() -> None:
    points = [second(at, allowed=1) for at in (29, 30, 31, 59, 90)]
    found = list(joined(points, 30))
    assert [(one.at, one.seconds) for one in found] == [(0, 30), (30, 30), (90, 30)]
    assert [one.counted(names.CHECKS) for one in found] == [1, 3, 1]
    assert list(joined([], 30)) == []


def test_a_stretch_is_as_fine_as_it_is_kept_and_of_few_points() -> None:
    now = 1_000_000.0
    for ago, seconds, resolution, step in (
        (120, 120, 1, 1),
        (500, 490, 1, 3),
        (3600, 600, 10, 10),
        (24 * 3600, 4 * 3600, 60, 60),
        (7 * 24 * 3600, 7 * 24 * 3600, 60, 42 * 60),
    ):
        found = stretch_of(now, now - ago, now - ago + seconds)
        assert (found.resolution.seconds, found.step) == (resolution, step)
        assert (found.until - found.since) / found.step <= MOST_POINTS + 1
    # Points that are kept no more, or not there yet, are not asked for.
    far = stretch_of(now, 0, now + 1000)
    assert far.until == now - now % far.step and far.since > now - 8 * 24 * 3600
