"""An alert whose value is back waits to end, and says so."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.monitor.alert_rules import AlertRule, Level
from yoto.monitor.signals import Direction
from yoto.rooms.alerts.machine import Cause
from yoto.rooms.alerts.records import Alert

SLOW = AlertRule(name="slow", metric="response_ms", direction=Direction.HIGH, error=200.0)
FEW = AlertRule(name="few", metric="cache_hit_rate", direction=Direction.LOW, error=0.6)


def alert(value: float | None, limit: float | None, **fields: Any) -> Alert:
    made = {"cause": Cause.VALUE, "resolved_at": None, **fields}
    return Alert(
        id=1,
        key="slow",
        rule="slow",
        labels={},
        level=Level.ERROR,
        value=value,
        limit=limit,
        peak_level=Level.ERROR,
        peak_value=450.0,
        text="",
        raised_at=1.0,
        changed_at=1.0,
        **made,
    )


@pytest.mark.parametrize(
    ("rule", "value", "limit", "recovering"),
    [
        (SLOW, 201.0, 200.0, False),
        (SLOW, 200.0, 200.0, True),
        (FEW, 0.59, 0.6, False),
        (FEW, 0.6, 0.6, True),
    ],
)
def test_it_recovers_once_its_value_is_within_the_threshold_of_its_level(
    rule: AlertRule, value: float, limit: float, recovering: bool
) -> None:
    assert alert(value, limit).recovering(rule) is recovering


def test_what_is_unknown_or_over_does_not_recover() -> None:
    assert not alert(None, 200.0).recovering(SLOW)
    assert not alert(1.0, 200.0, cause=Cause.UNKNOWN).recovering(SLOW)
    assert not alert(1.0, 200.0, resolved_at=9.0).recovering(SLOW)
    assert not alert(1.0, 200.0).recovering(None), "its rule is gone"
