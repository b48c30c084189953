"""Settings of smart invalidation are checked once, and say which key is wrong."""

from __future__ import annotations

from typing import Any

import pytest

import config as config_classes
from yoto.errors import ConfigurationError
from yoto.optimization import InvalidationSettings, Strategy
from yoto.optimization.invalidation.settings import RANGES, STRATEGY_KEY


def test_without_configuration_the_defaults_hold() -> None:
    assert InvalidationSettings.from_config({}) == InvalidationSettings()
    assert InvalidationSettings().fixed_strategy is None


def test_the_application_has_the_same_defaults() -> None:
    given = {key: getattr(config_classes.Base, key) for key in [STRATEGY_KEY, *RANGES]}
    assert InvalidationSettings.from_config(given) == InvalidationSettings()


def test_values_are_taken() -> None:
    settings = InvalidationSettings.from_config(
        {"INVALIDATION_STRATEGY": "auto", "INVALIDATION_PACE": 7}
    )
    assert (settings.fixed_strategy, settings.pace) == (Strategy.AUTO, 7)


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, bad) for key, (_, _, low, high) in RANGES.items() for bad in (low - 1, high + 1, "x")]
    + [
        ("INVALIDATION_STRATEGY", "brutal"),
        ("INVALIDATION_PACE", True),
        ("INVALIDATION_PACE", 1.5),
        ("INVALIDATION_WARNING", 100),
        ("INVALIDATION_WARNING", 1_000),
        ("INVALIDATION_BOUNDARY_HORIZON", 2.0),
    ],
)
def test_a_wrong_value_names_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        InvalidationSettings.from_config({key: value})
    assert caught.value.key == key
