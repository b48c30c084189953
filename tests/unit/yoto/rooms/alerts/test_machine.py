"""The state machine of alerts, by examples."""

from __future__ import annotations

import math

import pytest

from tests.unit.yoto.rooms.alerts.making import Run, rule, short
from yoto.monitor.alert_rules import Level
from yoto.monitor.metric_names import FLUSHED_SECONDS
from yoto.monitor.signals import Direction, Extent
from yoto.rooms.alerts.machine import GONE_AFTER, LONGEST_GAP, MOST_SERIES, Cause


def test_a_bad_value_must_hold_before_it_is_an_alert() -> None:
    run = Run(rule(hold=30))
    assert run.notices([15, 15, 15]) == []
    assert run.notices([15]) == ["raised warning"]


def test_a_bad_value_that_passes_is_no_alert() -> None:
    run = Run(rule(hold=30))
    assert run.notices([15, 15, 15, 5, 15, 15, 15, 5] * 3) == []
    assert run.tracks == {}


def test_flapping_raises_one_alert() -> None:
    for hold in (0, 10):
        run = Run(rule(hold=hold))
        assert run.notices([15, 15, *[5, 15] * 50]) == ["raised warning"]
    # Just about the threshold, longer than it takes to recover: not back by the hysteresis.
    run = Run(rule())
    assert run.notices([10.1, *[9.5] * 20, 10.1, *[9.5] * 20]) == ["raised warning"]


def test_flapping_between_levels_changes_the_level_once() -> None:
    run = Run(rule())
    assert run.notices([15, *[25, 15] * 50]) == ["raised warning", "changed error"]


def test_an_alert_goes_up_and_down_and_ends() -> None:
    run = Run(rule(recover=10))
    assert run.notices([15, 25, 35]) == ["raised warning", "changed error", "changed critical"]
    assert run.notices([25, 25]) == ["changed error"]
    assert run.notices([15, 15]) == ["changed warning"]
    assert run.notices([5, 5]) == ["resolved"]


def test_what_jumps_to_critical_is_raised_at_critical() -> None:
    assert Run(rule()).notices([99]) == ["raised critical"]
    run = Run(rule(hold=20))
    # Long enough for a warning, and not for long at critical.
    assert run.notices([15, 15, 99]) == ["raised warning"]
    assert run.notices([99, 99]) == ["changed critical"]


def test_it_may_fall_by_several_levels_at_once() -> None:
    run = Run(rule(recover=10))
    assert run.notices([99, 5, 5]) == ["raised critical", "resolved"]


def test_a_low_value_is_bad_where_low_is_bad() -> None:
    low = rule(direction=Direction.LOW, warning=0.8, error=0.6, critical=0.4, recover=10)
    run = Run(low)
    assert run.notices([0.9, 0.8]) == []
    assert run.notices([0.79, 0.59, 0.39]) == [
        "raised warning",
        "changed error",
        "changed critical",
    ]
    assert run.notices([0.95, 0.95]) == ["resolved"]


def test_a_rule_may_have_one_level_only() -> None:
    run = Run(rule(warning=None, error=None, recover=0))
    assert run.notices([15, 25, 35, 5]) == ["raised critical", "resolved"]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_missing_value_neither_raises_nor_resolves(missing: float | None) -> None:
    run = Run(rule(hold=30))
    # Each value counts for ten seconds.
    assert run.notices([15, 15, *[missing] * 50, 15]) == []
    assert run.notices([15]) == ["raised warning"]
    assert run.notices([5, *[missing] * 400, 5, 5, 5, 5, 5]) == []
    assert run.notices([5]) == ["resolved"]


def test_a_value_missing_every_other_time_does_not_hide_what_is_bad() -> None:
    run = Run(rule(hold=30))
    assert run.notices([15, None] * 3) == []
    assert run.notices([15]) == ["raised warning"]


def test_a_pause_of_the_evaluation_counts_for_no_more_than_the_longest_gap() -> None:
    run = Run(rule(hold=LONGEST_GAP * 2))
    assert run.notices([15, 15], every=LONGEST_GAP * 100) == []
    assert run.notices([15], every=1) == []
    assert run.notices([15], every=LONGEST_GAP) == ["raised warning"]


def test_a_clock_that_goes_back_takes_nothing_back() -> None:
    run = Run(rule(hold=30))
    assert run.notices([15, 15]) == []
    assert run.notices([15], every=-500) == []
    assert run.notices([15], every=520) == ["raised warning"]


def test_unknown_for_long_is_an_alert_where_the_rule_says_so() -> None:
    run = Run(rule(unknown_after=20, unknown_level=Level.ERROR))
    assert run.notices([None, None]) == []
    (raised,) = run.see({})
    assert (raised.cause, raised.new, raised.limit) == (Cause.UNKNOWN, Level.ERROR, None)
    assert raised.text == "load has been unknown for 20 s"
    assert run.notices([None] * 5) == []
    assert run.notices([5]) == ["resolved"]


def test_an_unknown_value_that_turns_bad_is_one_alert() -> None:
    run = Run(rule(unknown_after=20))
    assert run.notices([None] * 3) == ["raised warning"]
    assert run.notices([99]) == ["changed critical"]
    assert run.notices([None] * 9) == []
    assert run.notices([5] * 7) == ["resolved"]


def test_each_series_of_a_metric_is_an_alert_of_its_own() -> None:
    run = Run(rule(labels={"team": "core"}))
    sick = {'load{instance="a"}': 15.0, 'load{instance="b"}': 25.0, 'load{instance="c"}': 1.0}
    raised = run.see(sick)
    assert [(dict(one.labels), one.new) for one in raised] == [
        ({"instance": "a", "team": "core"}, "warning"),
        ({"instance": "b", "team": "core"}, "error"),
    ]
    assert run.see(sick) == []


def test_labels_in_another_order_are_the_same_alert() -> None:
    run = Run(rule())
    assert len(run.see({'load{a="1",b="2"}': 15.0})) == 1
    assert run.see({'load{b="2",a="1"}': 15.0}) == []


def test_a_series_that_is_gone_for_long_ends_its_alert() -> None:
    run = Run(rule())
    run.see({'load{instance="a"}': 15.0})
    turns = int(GONE_AFTER / LONGEST_GAP)
    assert [run.see({}, after=LONGEST_GAP) for _ in range(turns)] == [[]] * turns
    (ended,) = run.see({}, after=LONGEST_GAP)
    assert (ended.kind, ended.cause) == ("resolved", Cause.GONE)
    assert run.tracks == {}


def test_a_metric_that_comes_back_with_labels_ends_the_alert_about_its_absence() -> None:
    run = Run(rule(unknown_after=5))
    assert run.notices([None, None]) == ["raised warning"]
    (ended,) = run.see({'load{instance="a"}': 1.0})
    assert (ended.kind, ended.key) == ("resolved", "load")


@pytest.mark.parametrize("gone", [[], [rule(enabled=False)]])
def test_the_alerts_of_a_rule_that_is_off_end(gone: list[object]) -> None:
    run = Run(rule())
    run.notices([15])
    run.rules = gone  # type: ignore[assignment]
    (ended,) = run.see({"load": 15})
    assert (ended.kind, ended.cause, ended.old) == ("resolved", Cause.RULE, Level.WARNING)
    assert run.see({"load": 99}) == []


def test_thresholds_that_change_change_the_level() -> None:
    run = Run(rule(recover=10))
    assert run.notices([15]) == ["raised warning"]
    run.rules = [rule(recover=10, error=14.0)]
    assert run.notices([15]) == ["changed error"]
    run.rules = [rule(recover=10, warning=18.0)]
    assert run.notices([15, 15]) == ["resolved"]
    run.rules = [rule()]
    assert run.notices([25]) == ["raised error"]
    run.rules = [rule(error=None)]
    assert run.notices([15]) == ["changed warning"]


def test_an_alert_that_a_looser_rule_ends_keeps_the_threshold_that_it_had() -> None:
    run = Run(rule(recover=0, text="load {value} over {limit}"))
    run.see({"load": 25})
    run.rules = [rule(recover=0, warning=50.0, error=60.0, critical=70.0, text=run.rules[0].text)]
    (ended,) = run.see({"load": 25})
    assert (ended.kind, ended.limit, ended.text) == ("resolved", 20.0, "load 25 over 20")


def test_names_that_are_none_are_refused_and_told() -> None:
    run = Run(rule())
    assert run.see({"load{": 99.0, "lo ad": 99.0, 'load{a="1",a="2"}': 99.0}) == []
    assert sorted(run.refused) == ["lo ad", "load{", 'load{a="1",a="2"}']


def test_series_beyond_the_most_are_refused_and_told() -> None:
    run = Run(rule())
    values = {f'load{{n="{n:04}"}}': 15.0 for n in range(MOST_SERIES + 2)}
    assert len(run.see(values)) == MOST_SERIES
    assert len(run.refused) == 2
    assert run.see(values) == []


def test_a_label_of_the_rule_hides_no_second_series() -> None:
    run = Run(rule(labels={"a": "x"}))
    assert len(run.see({'load{a="1"}': 15.0, 'load{a="2"}': 25.0})) == 1
    assert run.refused == ['load{a="2"}']


def test_the_text_says_the_numbers() -> None:
    (raised,) = Run(rule(text="load {value} over {limit}")).see({"load": 15.5})
    assert raised.text == "load 15.5 over 10"
    assert (raised.value, raised.limit) == (15.5, 10.0)
    (raised,) = Run(rule()).see({"load": 25})
    assert raised.text == "load beyond 20: 25 at worst"


def test_an_alert_keeps_its_peak_through_its_fall_and_its_end() -> None:
    run = Run(rule(recover=10, text="load {value} over {limit}"))
    notices = [
        one for value in (12, 15, 35, 41, 25, 25, 15, 15, 5, 5) for one in run.see({"load": value})
    ]
    assert [short(one) for one in notices] == [
        "raised warning",
        "changed critical",
        "changed error",
        "changed warning",
        "resolved",
    ]
    peaks = [(one.peak_level, one.peak_value) for one in notices]
    assert peaks == [("warning", 12), ("critical", 35), *[("critical", 41)] * 3]
    # No text says that the present value is beyond a limit that it is not beyond.
    assert [one.text for one in notices[2:]] == ["load 41 over 30"] * 3
    assert [(one.value, one.limit) for one in notices[2:]] == [(25, 20), (15, 10), (5, 30)]
    # A later alert is another one, with a peak of its own.
    (again,) = run.see({"load": 11})
    assert (again.peak_level, again.peak_value) == ("warning", 11)


def test_the_peak_of_a_low_value_is_the_lowest() -> None:
    low = rule(direction=Direction.LOW, warning=0.8, error=0.6, critical=None, recover=0, hold=10)
    run = Run(low)
    notices = [one for value in (0.5, 0.7, 0.9) for one in run.see({"load": value})]
    # Also what it was at while it was only pending.
    assert [(short(one), one.peak_value) for one in notices] == [
        ("raised warning", 0.5),
        ("resolved", 0.5),
    ]


RECORDED = {FLUSHED_SECONDS: 1.0}


def test_a_counter_that_stands_still_ends_its_alert() -> None:
    run = Run(rule(metric="errors_total"))
    assert [short(one) for one in run.see({**RECORDED, "errors_total": 15.0})] == ["raised warning"]
    # Nobody recorded: that says nothing.
    for _ in range(20):
        assert run.see({}) == []
    run.see(RECORDED, after=30)
    assert [short(one) for one in run.see(RECORDED, after=60)] == ["resolved"]
    assert run.tracks == {}


def test_each_series_of_a_counter_stands_still_by_itself() -> None:
    run = Run(rule(metric="errors_total", labels={"team": "a"}))
    both = {**RECORDED, 'errors_total{kind="x"}': 15.0, 'errors_total{kind="y"}': 25.0}
    assert [short(one) for one in run.see(both)] == ["raised warning", "raised error"]
    del both['errors_total{kind="x"}']
    run.see(both, after=60)
    (ended,) = run.see(both, after=60)
    assert (short(ended), ended.labels) == ("resolved", {"kind": "x", "team": "a"})
    del both['errors_total{kind="y"}']
    run.see(both, after=60)
    assert [short(one) for one in run.see(both, after=60)] == ["resolved"]


def test_a_gauge_without_news_is_unknown() -> None:
    run = Run(rule())
    run.see({**RECORDED, "load": 15.0})
    for _ in range(20):
        assert run.see(RECORDED) == []


def test_of_an_extent_the_end_on_the_bad_side_counts() -> None:
    assert run_of(Direction.HIGH) == ["raised warning"]
    assert run_of(Direction.LOW) == ["raised warning"]


def run_of(direction: Direction) -> list[str]:
    limits = {"warning": 10.0, "error": None, "critical": None}
    made = rule(direction=direction, **limits)
    run = Run(made)
    good = Extent(3.0, 10.0) if direction is Direction.HIGH else Extent(10.0, 30.0)
    assert run.see({"load": good}) == []
    return [short(one) for one in run.see({"load": Extent(9.0, 11.0)})]
