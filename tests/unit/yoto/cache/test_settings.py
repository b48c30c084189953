from __future__ import annotations

from typing import Any

import pytest

from yoto.cache import CacheSettings, StoreSettings
from yoto.cache.settings import check_store
from yoto.errors import ConfigurationError, ValidationFailed


def test_the_defaults_are_those_of_the_requirements() -> None:
    settings = CacheSettings.from_config({})
    assert settings == CacheSettings()
    assert settings.users == StoreSettings(8_000, 900.0)
    assert settings.conditional == StoreSettings(2_000, 600.0)
    assert settings.max_staleness == 2.0


def test_each_value_can_be_set_also_as_text() -> None:
    settings = CacheSettings.from_config(
        {
            "CACHE_USERS_SIZE": "10",
            "CACHE_USERS_TTL": 5,
            "CACHE_CONDITIONAL_TTL": "1.5",
            "MAX_STALENESS": "3",
            "CACHE_SOFT_SHARE": 1,
            "UNRELATED": "x",
        }
    )
    assert settings.users == StoreSettings(10, 5.0)
    assert settings.conditional == StoreSettings(2_000, 1.5)
    assert (settings.max_staleness, settings.soft_share) == (3.0, 1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CACHE_USERS_SIZE", 0),
        ("CACHE_USERS_SIZE", "many"),
        ("CACHE_USERS_SIZE", 1.5),
        ("CACHE_USERS_SIZE", True),
        ("CACHE_CONDITIONAL_TTL", -1),
        ("CACHE_CONDITIONAL_TTL", "nan"),
        ("MAX_STALENESS", 0.1),
        ("MAX_STALENESS", float("inf")),
        ("CACHE_SOFT_SHARE", 1.1),
        ("CACHE_LOAD_WAIT", 2.0),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as failed:
        CacheSettings.from_config({key: value})
    assert failed.value.key == key


def test_a_store_takes_only_what_its_keys_allow() -> None:
    check_store("users", StoreSettings(1, 86_400))
    with pytest.raises(ValidationFailed) as refused:
        check_store("conditional", StoreSettings(0, 0.5))
    assert set(refused.value.errors) == {"conditional.size", "conditional.ttl"}
    assert "from 1 to 10000000 users, not 0" in refused.value.errors["conditional.size"][0]
