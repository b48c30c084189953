"""Which span a look covers, and what is published of a moment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import ConfigurationError
from yoto.permission.boundaries.rows import EMERGENCY, ENDS, STARTS, TIMEOUT, Boundary
from yoto.permission.boundaries.watch import (
    MERGE_ABOVE,
    OVERLAP,
    BoundarySettings,
    BoundaryWatch,
    SearchWindow,
    span_of,
    subjects_of,
)

SETTINGS = BoundarySettings(horizon=10.0, margin=0.5, fallback=3_600.0)
NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("looked_ms", "after"),
    [
        (None, NOW / 1000 - 3_600),
        (NOW - 1_000, NOW / 1000 - 1 - OVERLAP - 0.5),
        # Nobody ran for a day.
        (NOW - 86_400_000, NOW / 1000 - 86_400 - OVERLAP - 0.5),
        # Redis's clock was ahead when somebody looked, and was set back since.
        (NOW + 86_400_000, NOW / 1000 - OVERLAP - 0.5),
    ],
)
def test_a_look_goes_back_to_the_last_one(looked_ms: int | None, after: float) -> None:
    assert span_of(SearchWindow(NOW, "e", looked_ms), SETTINGS) == (
        pytest.approx(after),
        NOW / 1000 + 10,
    )


@given(st.lists(st.integers(-10_000, 30_000), min_size=2, max_size=30))
def test_looks_in_a_row_leave_nothing_out_whatever_the_clock_does(steps: list[int]) -> None:
    """Each moment between the first and the last look is in the span of some look."""
    now, looked, covered = NOW, None, []
    for step in steps:
        now += step
        covered.append(span_of(SearchWindow(now, "e", looked), SETTINGS))
        looked = now
    times = [NOW + sum(steps[: count + 1]) for count in range(len(steps))]
    for moment in range(min(times), max(times), 5_000):
        assert any(after <= moment / 1000 <= before for after, before in covered)


@pytest.mark.parametrize(
    ("boundary", "subject", "reason", "covering"),
    [
        (Boundary(100.0, STARTS, 1, 42, "server:7"), "user:42", "role_starts", "server:7"),
        (Boundary(100.0, ENDS, 1, 42, ""), "user:42", "role_ends", None),
        (Boundary(100.0, TIMEOUT, 1, 42, "server:7"), "user:42", "timeout_ends", "server:7"),
        (Boundary(100.0, EMERGENCY, 1, 42, ""), "policy", "emergency_ends", None),
    ],
)
def test_a_moment_says_what_is_invalidated_and_why(
    boundary: Boundary, subject: str, reason: str, covering: str | None
) -> None:
    assert (boundary.subject, boundary.reason, boundary.covering) == (subject, reason, covering)


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["", "server:7", "server:8"]))))
def test_each_person_whose_moment_has_passed_is_published_or_their_home(
    people: list[tuple[int, str]],
) -> None:
    passed = [Boundary(100.0, ENDS, 1, user, home) for user, home in people]
    published = subjects_of(passed)
    assert len(published) == len(set(published))
    for one in passed:
        assert {one.subject, one.covering} & {*published}
    for home in ("server:7", "server:8"):
        crowd = {user for user, place in people if place == home}
        assert (home in published) is (len(crowd) > MERGE_ABOVE)


@pytest.mark.parametrize(
    ("key", "value"), [("INTERVAL", 0.01), ("HORIZON", 2.0), ("MARGIN", -1), ("FALLBACK", "x")]
)
def test_a_wrong_setting_names_its_key(key: str, value: object) -> None:
    name = f"INVALIDATION_BOUNDARY_{key}"
    with pytest.raises(ConfigurationError) as caught:
        BoundarySettings.from_config({name: value})
    assert caught.value.key == name


class HeldElsewhere:
    """Locks, of which another process has the one that is asked for."""

    held = False

    def __init__(self) -> None:
        self.tries = 0

    def create_lock(self, *given: object, **named: object) -> HeldElsewhere:
        return self

    def acquire(self) -> bool:
        self.tries += 1
        return False


@pytest.mark.parametrize(("queue", "tries"), [(None, 2), (lambda moments: None, 1)])
def test_a_process_without_the_lock_looks_for_nothing_and_asks_again_after_an_interval(
    queue: Any, tries: int
) -> None:
    """Moments that are in no queue are known to the holder alone, which may end before them."""
    nothing: Any = None
    locks: Any = HeldElsewhere()
    settings = BoundarySettings(interval=7.0)
    watch = BoundaryWatch(nothing, nothing, locks, nothing, settings, heard=lambda: 1)
    watch.queue = queue
    # It had the lock before, and a moment that it was to publish has passed since.
    watch._due = 0.0
    assert watch.turn() == 7.0
    assert watch.turn() == 7.0
    assert locks.tries == tries
    assert watch.failures == 0
