"""Health by values: bands, and the worst that matters."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import ValidationFailed
from yoto.monitor import signals
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.monitor.health import DEFAULT_COMPONENTS, Band, Component, assess, components_of, overall
from yoto.monitor.signals import Direction

HEALTHY = {
    signals.CACHE_HIT_RATE: 0.97,
    signals.RESPONSE_MS: 20.0,
    signals.ERROR_RATE: 0.0,
    signals.MEMORY_SHARE: 0.3,
}
SLOW = Component(
    name="slow", metric="ms", direction=Direction.HIGH, excellent=50, good=100, warning=200
)


@pytest.mark.parametrize(
    ("value", "band", "limit"),
    [
        (0.0, Band.EXCELLENT, 100),
        (50, Band.EXCELLENT, 100),
        (50.1, Band.GOOD, 100),
        (100, Band.GOOD, 100),
        (101, Band.WARNING, 100),
        (200, Band.WARNING, 100),
        (201, Band.ERROR, 200),
        (None, Band.UNKNOWN, None),
        (math.nan, Band.UNKNOWN, None),
        (math.inf, Band.UNKNOWN, None),
    ],
)
def test_each_value_has_its_band_and_the_border_that_it_has_crossed(
    value: float | None, band: Band, limit: float | None
) -> None:
    assert SLOW.band_of(value) == (band, limit)


@pytest.mark.parametrize(
    ("value", "band"),
    [(0.95, "excellent"), (0.8, "good"), (0.79, "warning"), (0.6, "warning"), (0.59, "error")],
)
def test_a_low_hit_rate_is_bad(value: float, band: str) -> None:
    report = assess(DEFAULT_COMPONENTS, {**HEALTHY, signals.CACHE_HIT_RATE: value})
    found = report.components["cache"]
    assert (found.band, found.value) == (band, value)
    assert report.overall == max(Band(band), Band.EXCELLENT, key=lambda one: one.badness)


@pytest.mark.parametrize("missing", HEALTHY)
def test_a_missing_value_is_unknown_and_so_is_the_whole(missing: str) -> None:
    for values in (
        {**HEALTHY, missing: None},
        {name: value for name, value in HEALTHY.items() if name != missing},
    ):
        report = assess(DEFAULT_COMPONENTS, values)
        assert report.overall is Band.UNKNOWN
        assert not report.overall.healthy
        (unknown,) = (one for one in report.components.values() if one.band is Band.UNKNOWN)
        assert (unknown.value, unknown.limit) == (None, None)


def test_an_error_is_worse_than_what_is_unknown() -> None:
    report = assess(DEFAULT_COMPONENTS, {signals.ERROR_RATE: 0.5})
    assert report.overall is Band.ERROR


def test_what_does_not_matter_is_shown_and_not_counted() -> None:
    aside = replace(SLOW, matters=False)
    report = assess([aside, replace(SLOW, name="other", metric="other")], {"ms": 999, "other": 1})
    assert report.components["slow"].band is Band.ERROR
    assert report.overall is Band.EXCELLENT
    assert assess([aside], {"ms": 1}).overall is Band.UNKNOWN
    assert assess([], {}).overall is Band.UNKNOWN


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=6))
def test_the_whole_is_never_better_than_its_worst_part(values: list[float | None]) -> None:
    components = [replace(SLOW, name=f"c{n}", metric=f"m{n}") for n in range(len(values))]
    report = assess(components, {f"m{n}": value for n, value in enumerate(values)})
    worst = max(one.band.badness for one in report.components.values())
    assert report.overall.badness == worst == overall(report.components.values()).badness
    assert report.overall.healthy == all(
        value is not None and value <= SLOW.good for value in values
    )


def test_a_component_warns_where_the_alert_of_its_metric_does() -> None:
    rules = {rule.metric: rule for rule in DEFAULT_RULES}
    for component in DEFAULT_COMPONENTS:
        rule = rules[component.metric]
        assert (component.good, component.warning) == (rule.warning, rule.error)


@pytest.mark.parametrize(("warning", "error"), [(300.0, 900.0), (20.0, 30.0)])
def test_health_has_the_borders_that_operators_set_on_the_rules(
    warning: float, error: float
) -> None:
    (rule,) = (one for one in DEFAULT_RULES if one.metric == signals.RESPONSE_MS)
    slow = replace(rule, warning=warning, error=error, critical=None)
    (component,) = (one for one in components_of([slow]) if one.metric == signals.RESPONSE_MS)
    assert (component.good, component.warning) == (warning, error)
    assert component.excellent < warning
    # A bound that a rule leaves open is as the code has it.
    (default,) = (
        one
        for one in components_of([replace(slow, warning=None)])
        if one.metric == signals.RESPONSE_MS
    )
    assert (default.good, default.warning) == (100, 200)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"excellent": 100}, {"good"}),
        ({"good": 300}, {"warning"}),
        ({"good": math.nan}, {"good"}),
        ({"warning": True, "excellent": "x"}, {"warning", "excellent"}),
        ({"direction": "sideways"}, {"direction"}),
        ({"name": ""}, {"name"}),
        ({"metric": "a b"}, {"metric"}),
        ({"direction": Direction.LOW}, {"good", "warning"}),
    ],
)
def test_limits_that_make_no_sense_are_refused(fields: dict[str, object], named: set[str]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        replace(SLOW, **fields)  # type: ignore[arg-type]
    assert set(refused.value.errors) == named
