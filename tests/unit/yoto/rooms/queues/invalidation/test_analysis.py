"""From figures to health, strategy and recommendations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.rooms.queues.invalidation import Figures, Health, InvalidationSettings, Strategy
from yoto.rooms.queues.invalidation.analysis import OUTLOOK, analyse, health_of, strategy_for

SETTINGS = InvalidationSettings()
GENTLE_FIRST = (Strategy.CONSERVATIVE, Strategy.AUTO, Strategy.AGGRESSIVE)
HEALTHS = (Health.EXCELLENT, Health.ATTENTION, Health.WARNING, Health.CRITICAL)

RATES = st.floats(0, 10_000)
FIGURES = st.builds(
    Figures,
    length=st.integers(0, 100_000),
    inflow=RATES,
    outflow=RATES,
    oldest_age=st.floats(0, 1_000),
    kinds=st.dictionaries(st.sampled_from(["user", "role"]), st.integers(0, 1_000)),
    coverings=st.dictionaries(st.sampled_from(["server:7", "role:9"]), st.integers(1, 100_000)),
    reasons=st.dictionaries(st.sampled_from(["ban", "import"]), st.integers(1, 100_000)),
)


@pytest.mark.parametrize(
    ("length", "inflow", "outflow", "oldest_age", "health", "strategy"),
    [
        (0, 0, 0, 0, Health.EXCELLENT, Strategy.CONSERVATIVE),
        (100, 0, 0, 0, Health.EXCELLENT, Strategy.CONSERVATIVE),
        # Much comes, but little waits.
        (100, 5_000, 0, 0, Health.EXCELLENT, Strategy.CONSERVATIVE),
        (101, 0, 0, 0, Health.ATTENTION, Strategy.AUTO),
        (500, 0, 0, 0, Health.ATTENTION, Strategy.AUTO),
        (501, 0, 0, 0, Health.WARNING, Strategy.AUTO),
        (1_000, 0, 0, 0, Health.WARNING, Strategy.AUTO),
        (1_001, 0, 0, 0, Health.CRITICAL, Strategy.AGGRESSIVE),
        # It shrinks fast, but is critical now.
        (5_000, 0, 4_000, 0, Health.CRITICAL, Strategy.AGGRESSIVE),
        # 101 + 60 s of 15 a second is critical; 60 s of 14 is not.
        (101, 15, 0, 0, Health.ATTENTION, Strategy.AGGRESSIVE),
        (101, 14, 0, 0, Health.ATTENTION, Strategy.AUTO),
        (101, 115, 100, 0, Health.ATTENTION, Strategy.AGGRESSIVE),
        # Little waits, but too long.
        (5, 0, 0, 30.0, Health.EXCELLENT, Strategy.CONSERVATIVE),
        (5, 0, 0, 30.1, Health.EXCELLENT, Strategy.AUTO),
    ],
)
def test_which_figures_call_for_which_strategy(
    length: int,
    inflow: float,
    outflow: float,
    oldest_age: float,
    health: Health,
    strategy: Strategy,
) -> None:
    found = analyse(Figures(length, inflow, outflow, oldest_age), SETTINGS)
    assert (found.health, found.strategy) == (health, strategy)


@given(FIGURES, st.integers(0, 100_000), st.floats(0, 1_000), st.floats(0, 1_000))
def test_worse_figures_never_give_a_gentler_strategy_or_a_better_health(
    figures: Figures, longer: int, more: float, older: float
) -> None:
    worse = replace(
        figures,
        length=figures.length + longer,
        inflow=figures.inflow + more,
        oldest_age=figures.oldest_age + older,
    )
    before, after = strategy_for(figures, SETTINGS), strategy_for(worse, SETTINGS)
    assert GENTLE_FIRST.index(after) >= GENTLE_FIRST.index(before)
    healths = [health_of(one.length, SETTINGS) for one in (figures, worse)]
    assert HEALTHS.index(healths[1]) >= HEALTHS.index(healths[0])


@given(FIGURES)
def test_an_analysis_contradicts_nothing_that_it_was_given(figures: Figures) -> None:
    found = analyse(figures, SETTINGS)
    codes = [one.code for one in found.recommendations]
    assert len(codes) == len(set(codes))
    if found.seconds_to_empty is not None and figures.length:
        assert figures.growth < 0
    if "queue_growing" in codes:
        assert figures.growth > 0 and found.seconds_to_empty is None
    if not figures.length:
        assert (found.seconds_to_empty, codes) == (0, [])
    for one in found.recommendations:
        assert one.figures


@given(FIGURES, st.integers(1, 50))
def test_thresholds_are_configurable(figures: Figures, times: int) -> None:
    scaled = InvalidationSettings(
        attention=100 * times, warning=500 * times, critical=1_000 * times
    )
    larger = replace(figures, length=figures.length * times)
    assert health_of(larger.length, scaled) == health_of(figures.length, SETTINGS)


def codes_of(figures: Figures) -> dict[str, dict[str, float | str]]:
    return {one.code: dict(one.figures) for one in analyse(figures, SETTINGS).recommendations}


def test_recommendations_name_what_they_come_from() -> None:
    found = codes_of(
        Figures(
            8_000,
            inflow=30.0,
            outflow=10.0,
            oldest_age=31.0,
            coverings={"server:7": 6_000, "server:8": 10},
            reasons={"import": 9_000, "ban": 1_000},
        )
    )
    assert found == {
        "queue_growing": {"growth": 20.0, "seconds_to_critical": 0.0},
        "items_overdue": {"oldest_age": 31.0, "max_delay": 30.0},
        "pace_too_low": {"pace": 200, "seconds": 40.0},
        "subject_dominates": {"name": "server:7", "count": 6_000, "share": 0.75},
        "reason_dominates": {"name": "import", "count": 9_000, "share": 0.9},
    }


def test_a_queue_that_nobody_publishes_is_named() -> None:
    assert "queue_standing" in codes_of(Figures(3, inflow=1.0, outflow=0.0, oldest_age=5.0))
    assert "queue_standing" not in codes_of(Figures(3, inflow=1.0, outflow=2.0, oldest_age=5.0))
    assert "queue_standing" not in codes_of(Figures(3, inflow=1.0, outflow=0.0, oldest_age=0.1))


def test_growth_is_seen_a_minute_ahead() -> None:
    assert OUTLOOK == 60.0
    found = codes_of(Figures(500, inflow=10.0, outflow=5.0))
    assert found["queue_growing"] == {"growth": 5.0, "seconds_to_critical": 100.0}
