"""Settings of smart invalidation are checked once, and say which key is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.errors import ConfigurationError
from yoto.rooms.queues.invalidation import InvalidationSettings, Strategy
from yoto.settings import keys_of, known_settings

RANGES = {
    key: known_settings()[key].rule.describe()
    for key in keys_of(InvalidationSettings).values()
    if key != "INVALIDATION_STRATEGY"
}


def test_without_configuration_the_defaults_hold() -> None:
    assert InvalidationSettings.from_config({}) == InvalidationSettings()
    assert InvalidationSettings().fixed_strategy is None


def test_values_are_taken() -> None:
    settings = InvalidationSettings.from_config(
        {"INVALIDATION_STRATEGY": "auto", "INVALIDATION_PACE": 7}
    )
    assert (settings.fixed_strategy, settings.pace) == (Strategy.AUTO, 7)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (key, bad)
        for key, allowed in RANGES.items()
        for bad in (allowed["minimum"] - 1, allowed["maximum"] + 1, "x")
    ]
    + [
        ("INVALIDATION_STRATEGY", "brutal"),
        ("INVALIDATION_PACE", True),
        ("INVALIDATION_PACE", 1.5),
        ("INVALIDATION_WARNING", 100),
        ("INVALIDATION_WARNING", 1_000),
    ],
)
def test_a_wrong_value_names_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        InvalidationSettings.from_config({key: value})
    assert caught.value.key == key
