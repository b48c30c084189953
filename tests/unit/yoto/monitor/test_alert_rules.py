"""Rules, checked once, and the fields that operators may set."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.unit.yoto.rooms.alerts.making import rule
from yoto.errors import ValidationFailed
from yoto.monitor.alert_rules import AlertRule, Level


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
