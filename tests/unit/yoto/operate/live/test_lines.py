"""The points that charts remember, and those that they read anew."""

from __future__ import annotations

from typing import Any

from yoto.monitor import names, series
from yoto.monitor.backends import Reading
from yoto.monitor.history import Point, Resolution
from yoto.operate.live.lines import SETTLED, Lines


class Measured:
    """A monitor that recorded one verdict each second, and notes what it is asked."""

    def __init__(self) -> None:
        self.time = 100_000.5
        self.complete = True
        self.asked: list[tuple[float, float]] = []

    def now(self) -> float:
        return self.time

    def read(self, resolution: Resolution, since: float, until: float, only: Any) -> Reading:
        assert names.CHECKS in only
        self.asked.append((since, until))
        points = []
        for at in range(int(since), int(until), resolution.seconds):
            point = Point(at, resolution.seconds)
            point.counters[series(names.CHECKS, {"result": "allowed"})] = resolution.seconds
            points.append(point)
        return Reading(points, self.complete)


def test_what_is_over_for_long_is_read_once() -> None:
    measured, lines = Measured(), Lines()
    first = lines.read(measured, "10m")  # type: ignore[arg-type]
    assert (len(first["points"]), first["points"][-1]["at"]) == (120, 99_995_000)
    measured.time += 30
    second = lines.read(measured, "10m")  # type: ignore[arg-type]
    assert measured.asked == [(99_400, 100_000), (100_000 - SETTLED, 100_030)]
    assert [one["at"] for one in second["points"]] == list(range(99_430_000, 100_030_000, 5000))
    assert all(one["checks_allowed"] == 1.0 for one in second["points"])


def test_long_ranges_are_taken_together_and_remembered_by_whole_steps() -> None:
    measured, lines = Measured(), Lines()
    for _ in range(2):
        found = lines.read(measured, "7d")  # type: ignore[arg-type]
        measured.time += 60
    assert found["resolution_s"] == 3600
    assert all(one["at"] % 3_600_000 == 0 for one in found["points"])
    # A step that is not over for long is read as a whole again.
    assert measured.asked[1][0] % 3600 == 0
    assert measured.asked[1][1] - measured.asked[1][0] <= 7200


def test_what_one_worker_alone_recorded_is_shown_as_such_and_not_remembered() -> None:
    measured, lines = Measured(), Lines()
    measured.complete = False
    assert lines.read(measured, "10m")["complete"] is False  # type: ignore[arg-type]
    measured.complete = True
    assert lines.read(measured, "10m")["complete"] is True  # type: ignore[arg-type]
    assert measured.asked[-1] == (99_400, 100_000)
