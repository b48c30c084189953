"""Properties of the state machine that always hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.rooms.alerts.making import Run, rule
from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.signals import Direction
from yoto.rooms.alerts.machine import Kind

Row: TypeAlias = list[tuple[float | None, float]]

values = st.one_of(st.none(), st.floats(0, 40, allow_nan=False))
steps = st.lists(st.tuples(values, st.floats(0, 90)), min_size=1, max_size=60)
rules = st.builds(
    rule,
    hold=st.sampled_from([0.0, 15.0, 60.0]),
    recover=st.sampled_from([0.0, 15.0, 60.0]),
    hysteresis=st.sampled_from([0.0, 0.1, 0.5]),
    unknown_after=st.sampled_from([None, 30.0]),
    error=st.sampled_from([None, 20.0]),
)


@given(rules, steps)
def test_an_alert_is_raised_then_changed_then_resolved(made: AlertRule, row: Row) -> None:
    """Levels chain: each transition begins where the one before ended."""
    run, level = Run(made), None
    for value, after in row:
        for one in run.see({"load": value}, after=after):
            assert one.old == level and one.old != one.new
            expected = Kind.RAISED if level is None else Kind.CHANGED
            assert one.kind is (Kind.RESOLVED if one.new is None else expected)
            level = one.new
        held = run.tracks.get("load")
        assert (held.rank if held else 0) == (level.rank if level else 0)


@given(rules, steps)
def test_nothing_is_raised_that_was_never_bad(made: AlertRule, row: Row) -> None:
    run = Run(made)
    for value, after in row:
        good = None if value is None else min(value, 10.0)
        found = run.see({"load": good}, after=after)
        assert all(one.cause == "unknown" or one.kind is Kind.RESOLVED for one in found)


@given(rules, steps)
def test_without_values_nothing_that_a_value_made_changes(made: AlertRule, row: Row) -> None:
    run = Run(made)
    for value, after in row:
        run.see({"load": value}, after=after)
    before = run.tracks.get("load")
    for _ in range(5):
        for one in run.see({"load": None}, after=90):
            assert one.cause == "unknown"
    after_all = run.tracks.get("load")
    if before is not None and after_all is not None:
        assert after_all.level == before.level


@given(rules, steps)
def test_good_values_for_long_end_every_alert(made: AlertRule, row: Row) -> None:
    run = Run(made)
    for value, after in row:
        run.see({"load": value}, after=after)
    for _ in range(3):
        run.see({"load": 0.0}, after=60)
    assert run.tracks == {}


@given(rules, steps)
def test_low_is_the_mirror_of_high(made: AlertRule, row: Row) -> None:
    high = made
    low = replace(
        high,
        direction=Direction.LOW,
        **{
            name: None if getattr(high, name) is None else -getattr(high, name)
            for name in ("warning", "error", "critical")
        },
    )
    first, second = Run(high), Run(low)
    for value, after in row:
        mirrored = None if value is None else -value
        one = first.see({"load": value}, after=after)
        other = second.see({"load": mirrored}, after=after)
        assert [(t.kind, t.old, t.new, t.cause) for t in one] == [
            (t.kind, t.old, t.new, t.cause) for t in other
        ]
