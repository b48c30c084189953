"""Decayed counts: newer acts weigh more, nothing grows without bound, sums are sums."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from yoto.rooms.prefetch.learning import Counts, Decay, Tables

DAY = 24 * 3600.0
moments = st.floats(0, 400 * DAY)


@given(moments, moments, st.floats(DAY, 30 * DAY))
def test_a_newer_deed_never_weighs_less(one: float, other: float, half_life: float) -> None:
    earlier, later = sorted((one, other))
    decay = Decay(half_life, 0.0)
    assert decay.weight(earlier) <= decay.weight(later)


@given(moments, st.floats(0, 100 * DAY), st.floats(0, 100 * DAY))
def test_a_count_never_rises_as_time_passes(at: float, first: float, more: float) -> None:
    decay = Decay(7 * DAY, 0.0)
    weight = decay.weight(at)
    sooner, later = at + first, at + first + more
    assert weight / decay.scale(sooner) >= weight / decay.scale(later)


def test_a_deed_counts_half_after_the_half_life() -> None:
    decay = Decay(7 * DAY, 0.0)
    weight = decay.weight(3 * DAY)
    assert weight / decay.scale(3 * DAY) == 1.0
    assert weight / decay.scale(10 * DAY) == approx(0.5)


def test_a_clock_that_is_set_back_makes_nothing_heavier_and_nothing_lighter() -> None:
    decay = Decay(7 * DAY, 0.0)
    newest = decay.weight(10 * DAY)
    assert decay.weight(2 * DAY) == newest
    assert newest / decay.scale(2 * DAY) == 1.0


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0.01, 100)), max_size=200))
def test_the_total_is_the_sum_and_the_limit_is_kept(activities: list[tuple[int, float]]) -> None:
    counts: Counts[int] = Counts(8)
    for key, weight in activities:
        counts.add(key, weight)
    assert len(counts.weights) <= 8
    assert counts.total == approx(sum(counts.weights.values()))
    assert sum(counts.share(key) for key in counts.weights) == approx(1.0 if activities else 0.0)


def test_the_lightest_go_first() -> None:
    counts: Counts[str] = Counts(2)
    counts.add("often", 5.0)
    counts.add("seldom", 1.0)
    counts.add("new", 1.0)
    assert counts.weights == {"often": 5.0, "new": 1.0}


def test_tables_forget_the_context_that_weighs_least() -> None:
    tables: Tables[str] = Tables(2, 4)
    tables.add("home", "work", 3.0)
    tables.add("work", "home", 1.0)
    tables.add("park", "home", 1.0)
    assert tables.get("work") is None
    assert tables.get("home") is not None and tables.get("park") is not None
