"""Rules, checked once, with what operators may set; and names with labels, as text."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.rooms.alerts.making import rule
from yoto.errors import ValidationFailed
from yoto.monitor.alert_rules import AlertRule, Level, format_series, parse_series


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": "no name"}, {"name"}),
        ({"metric": ""}, {"metric"}),
        ({"direction": "up"}, {"direction"}),
        ({"warning": math.nan}, {"warning"}),
        ({"warning": "10"}, {"warning"}),
        ({"critical": True}, {"critical"}),
        ({"warning": None, "error": None, "critical": None}, {"warning"}),
        ({"error": 5}, {"error"}),
        ({"error": 10}, {"error"}),
        ({"error": None, "critical": 5}, {"critical"}),
        ({"direction": "low"}, {"error", "critical"}),
        ({"hold": -1}, {"hold"}),
        ({"hold": 1e9, "recover": math.inf}, {"hold", "recover"}),
        ({"hysteresis": 1.1}, {"hysteresis"}),
        ({"unknown_after": 0}, {"unknown_after"}),
        ({"unknown_level": "bad"}, {"unknown_level"}),
        ({"enabled": 1}, {"enabled"}),
        ({"degrade": "total"}, {"degrade"}),
        ({"degrade_from": "none"}, {"degrade_from"}),
        ({"labels": {"a b": "x"}}, {"labels"}),
        ({"labels": {"a": 1}}, {"labels"}),
        ({"labels": {"a": "\ud800"}}, {"labels"}),
        ({"labels": {f"a{n}": "x" for n in range(9)}}, {"labels"}),
        ({"text": "a\nb"}, {"text"}),
        ({"text": "x" * 201}, {"text"}),
    ],
)
def test_a_bad_field_is_named(fields: dict[str, Any], named: set[str]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        rule(**fields)
    assert set(refused.value.errors) == named


def test_operators_set_what_may_be_set() -> None:
    changed = rule().with_values({"warning": 5, "enabled": False, "degrade_from": "warning"})
    assert (changed.warning, changed.enabled, changed.degrade_from) == (5, False, Level.WARNING)
    for field in ("name", "metric", "direction", "labels", "text", "colour"):
        with pytest.raises(ValidationFailed) as refused:
            rule().with_values({field: "load"})
        assert set(refused.value.errors) == {field}


def test_a_rule_as_plain_data_makes_the_same_rule() -> None:
    made = rule(labels={"team": "core"}, unknown_after=60)
    assert AlertRule(**json.loads(json.dumps(made.to_mapping()))) == made


labels = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True), st.text(max_size=20), max_size=4
)


@given(labels)
def test_what_is_written_is_read_back(given_labels: dict[str, str]) -> None:
    text = format_series("memory_share", given_labels)
    assert parse_series(text) == ("memory_share", given_labels)


def test_a_name_that_an_application_writes_is_read_leniently() -> None:
    assert parse_series('shop.load{path="C:\\dir\nx"}') == ("shop.load", {"path": "C:dir\nx"})


def test_the_order_of_labels_does_not_matter() -> None:
    assert format_series("a", {"x": "1", "b": "2"}) == 'a{b="2",x="1"}'


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a{", "a}", 'a{b="1"', "a{b=1}", 'a{b="1" c="2"}', 'a{b="1",b="2"}', 'a{="1"}']
    + ["x" * 65, 'a{b="' + "x" * 129 + '"}', 'a{b="1",,c="2"}'],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_series(text)
