"""The settings of the queue."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.errors import ConfigurationError
from yoto.rooms.queues.batch import QueueSettings
from yoto.rooms.queues.settings import Queue
from yoto.settings import declared, keys_of


def test_what_is_not_configured_is_as_it_is_declared() -> None:
    assert QueueSettings.from_config({}) == QueueSettings()
    assert set(keys_of(QueueSettings).values()) == {*declared(Queue)}


@pytest.mark.parametrize(("name", "key"), keys_of(QueueSettings).items())
def test_a_value_out_of_its_range_is_refused_by_key(name: str, key: str) -> None:
    allowed = declared(Queue)[key].rule.describe()
    low, high = allowed["minimum"], allowed["maximum"]
    for good in (low, high):
        assert getattr(QueueSettings.from_config({key: good}), name) == good
    bad: tuple[Any, ...] = (low - 1, high + 1, "seven", True)
    for value in bad:
        with pytest.raises(ConfigurationError) as refused:
            QueueSettings.from_config({key: value})
        assert refused.value.key == key
