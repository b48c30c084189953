"""The settings of the queue."""

from __future__ import annotations

from typing import Any

import pytest

import config
from app import settings
from yoto.errors import ConfigurationError
from yoto.optimization import QUEUE_KEYS, QueueSettings


def test_what_is_not_configured_is_as_the_code_says() -> None:
    assert QueueSettings.from_config({}) == QueueSettings()


def test_the_configuration_has_the_defaults_of_the_code() -> None:
    defaults = {key: getattr(config.Base, key) for key in QUEUE_KEYS}
    assert QueueSettings.from_config(defaults) == QueueSettings()
    assert set(QUEUE_KEYS) <= set(settings.SETTINGS)


@pytest.mark.parametrize("key", QUEUE_KEYS)
def test_a_value_out_of_its_range_is_refused_by_key(key: str) -> None:
    allowed = QUEUE_KEYS[key]
    for good in (allowed.low, allowed.high):
        value = allowed.kind(good)
        assert getattr(QueueSettings.from_config({key: value}), allowed.name) == value
    bad: tuple[Any, ...] = (
        allowed.kind(allowed.low) - 1,
        allowed.kind(allowed.high) + 1,
        "7",
        True,
    )
    for value in bad:
        with pytest.raises(ConfigurationError) as refused:
            QueueSettings.from_config({key: value})
        assert refused.value.key == key
