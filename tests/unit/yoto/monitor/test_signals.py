"""Values are shown in the unit of what a rule watches."""

from __future__ import annotations

import pytest

from yoto.monitor import names
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.monitor.signals import unit_of
from yoto.rooms.queues.series import QUEUE_RATE


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        (names.REQUESTS, "per_second"),
        (names.REQUEST_TIME, "s"),
        (names.MEMORY, "bytes"),
        (names.QUEUE_ITEMS, "count"),
        (QUEUE_RATE, "per_second"),
        (names.INVALIDATION_AGE, "s"),
        ("yoto_prefetch_precision", "share"),
        ("of_somebody", "count"),
    ],
)
def test_a_metric_is_shown_in_its_unit(metric: str, unit: str) -> None:
    assert unit_of(metric) == unit


def test_the_rules_of_the_platform_have_units() -> None:
    units = {rule.name: unit_of(rule.metric) for rule in DEFAULT_RULES}
    assert {name: unit for name, unit in units.items() if unit != "count"} == {
        "hit_rate": "share",
        "response_time": "ms",
        "error_rate": "share",
        "memory": "share",
        "queue_age": "s",
        "invalidation_lag": "s",
        "log_silence": "s",
    }
