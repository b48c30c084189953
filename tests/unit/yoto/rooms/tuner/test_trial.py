"""When a change that is observed is kept, and when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from yoto.monitor import names, series
from yoto.monitor.history import Point
from yoto.resilience import TuningConfig
from yoto.rooms.tuner.trial import (
    PATIENCE,
    SETTLE,
    Points,
    Trial,
    TuningStep,
    next_step,
    outcome_of,
)

AT, WINDOW = 1_000.0, 100.0
DUE = AT + WINDOW * (1 + SETTLE)
TRIAL = Trial("cache_users_size", None, 200, "l1_hit_rate", AT)


def measured(before: float, after: float, until: float = 1e9) -> Points:
    """Hit rates of ten-second points before and after the change; none from ``until`` on."""

    def points(since: float, end: float) -> Sequence[Point]:
        found = []
        for at in range(int(since), int(min(end, until)), 10):
            rate = before if at < AT else after
            hits, misses = rate * 1000, (1 - rate) * 1000
            about = [series(names.LOOKUPS, {"tier": "l1", "result": r}) for r in ("hit", "miss")]
            found.append(Point(at, 10, dict(zip(about, (hits, misses), strict=True))))
        return found

    return points


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        (0.5, 0.9, TuningStep.KEEP),
        (0.5, 0.5, TuningStep.KEEP),
        (0.5, 0.49, TuningStep.KEEP),
        (0.5, 0.3, TuningStep.REVERT),
    ],
)
def test_what_does_no_harm_is_kept(before: float, after: float, step: TuningStep) -> None:
    found, why = next_step(TRIAL, DUE, WINDOW, measured(before, after))
    assert found is step
    assert why.startswith(f"l1_hit_rate was {before:.4g} and became {after:.4g}")
    verdict, figures = outcome_of(why)
    assert verdict == (
        "worse" if step is TuningStep.REVERT else "better" if after > before else "same"
    )
    assert figures == {"before": before, "after": after}


def test_nothing_is_judged_before_its_time() -> None:
    points = measured(0.5, 0.1)
    assert next_step(TRIAL, DUE - 0.1, WINDOW, points)[0] is TuningStep.WAIT


def test_what_cannot_be_measured_is_waited_for_and_then_kept() -> None:
    points = measured(0.5, 0.9, until=AT)
    end = AT + PATIENCE * (DUE - AT)
    assert next_step(TRIAL, end - 1, WINDOW, points)[0] is TuningStep.WAIT
    assert next_step(TRIAL, end, WINDOW, points)[0] is TuningStep.KEEP


def test_a_trial_is_stored_and_read_back() -> None:
    assert Trial.of(TRIAL.to_plain()) == TRIAL
    assert Trial.of(None) is None


def test_a_trial_that_1_0_0_stored_is_read() -> None:
    stored = {**TRIAL.to_plain(), "by_itself": True}
    assert Trial.of(stored) == TRIAL
    assert TuningConfig.from_mapping({"trial": stored}).trial == TRIAL.to_plain()
    assert TRIAL.id == "cache_users_size=200"
