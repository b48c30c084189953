from __future__ import annotations

import math
from typing import Any

import pytest

from yoto.errors import ValidationFailed
from yoto.resilience.settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    DegradationLevel,
    MultiDimensionalKey,
    RateLimitConfig,
    Settings,
)

CLASSES: list[type[Settings]] = [
    CircuitBreakerConfig,
    RateLimitConfig,
    BulkheadConfig,
    DegradationConfig,
]


@pytest.mark.parametrize(
    ("config", "field", "value", "allowed"),
    [
        (CircuitBreakerConfig, "window_size", True, "from 1 to 3600"),
        (CircuitBreakerConfig, "window_size", 2.0, "from 1 to 3600"),
        (CircuitBreakerConfig, "recovery_timeout", math.nan, "from 0.01 to 86400"),
        (CircuitBreakerConfig, "recovery_timeout", -1, "from 0.01 to 86400"),
        (CircuitBreakerConfig, "recovery_timeout", "5", "from 0.01 to 86400"),
        (CircuitBreakerConfig, "failure_rate_threshold", 101, "from 0.1 to 100"),
        (CircuitBreakerConfig, "mode", "sometimes", "normal, disabled, metrics_only"),
        (RateLimitConfig, "limit", -1, "from 0 to 1000000000"),
        (RateLimitConfig, "window", math.inf, "from 0.01 to 31622400"),
        (RateLimitConfig, "algorithm", "lottery", "token_bucket, sliding_window"),
        (RateLimitConfig, "dimensions", {"user+planet": {}}, "user, server, ip, site, global"),
        (RateLimitConfig, "dimensions", {"user": {"limit": -1}}, "from 0 to 1000000000"),
        (RateLimitConfig, "dimensions", {"user": {"colour": 1}}, "limit, window, burst, also"),
        (RateLimitConfig, "dimensions", {"user": "ten"}, "user: must be windows such as"),
        (RateLimitConfig, "also", "10/fortnight", "'10/fortnight' is none"),
        (RateLimitConfig, "also", "10/", "'10/' is none"),
        (RateLimitConfig, "also", "1/2years", "from 0.01 to 31622400 s"),
        (RateLimitConfig, "also", "5/hour; 6/60 minutes", "twice"),
        (RateLimitConfig, "also", "1/1; 1/2; 1/3; 1/4; 1/5", "at most 4 windows"),
        (RateLimitConfig, "dimensions", ["user", "user"], "twice"),
        (BulkheadConfig, "max_concurrent", None, "from 0 to 100000"),
        (BulkheadConfig, "lease", 0, "from 0.1 to 3600"),
        (DegradationConfig, "level", "total", "none, light, medium, heavy"),
        (DegradationConfig, "breaker", 7, "at most 200 characters"),
    ],
)
def test_a_bad_value_is_refused_with_field_value_and_allowed_range(
    config: type[Settings], field: str, value: Any, allowed: str
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        config.from_mapping({field: value})
    (message,) = caught.value.errors[field]
    assert allowed in message
    assert repr(value) in message


@pytest.mark.parametrize("config", CLASSES)
def test_an_unknown_field_is_refused_with_the_known_ones(config: type[Settings]) -> None:
    with pytest.raises(ValidationFailed) as caught:
        config.from_mapping({"on_fire": 1})
    assert "known are" in caught.value.errors["on_fire"][0]


def test_all_bad_fields_are_named_at_once() -> None:
    with pytest.raises(ValidationFailed) as caught:
        CircuitBreakerConfig(window_size=0, minimum_calls=0)
    assert set(caught.value.errors) == {"window_size", "minimum_calls"}


@pytest.mark.parametrize("config", CLASSES)
def test_a_configuration_survives_json(config: type[Settings]) -> None:
    made = config()
    assert config.from_mapping(made.to_mapping()) == made


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", ""),
        ("1000 per hour", "1000/hour"),
        ("10/2 Seconds, 100/minute;5 per month", "10/2seconds; 100/minute; 5/30days"),
        ("1/7200; 1/0.5 second; 1/year", "1/2hours; 1/0.5seconds; 1/365days"),
    ],
)
def test_windows_are_kept_in_one_spelling(said: str, kept: str) -> None:
    assert RateLimitConfig(also=said).also == kept
    assert RateLimitConfig(also=kept).also == kept


def test_a_dimension_says_all_its_windows_in_a_text() -> None:
    made = RateLimitConfig(dimensions={"user": "10/second; 1000/hour"})
    assert made.to_mapping()["dimensions"] == {
        "user": {"limit": 10, "window": 1.0, "also": "1000/hour"}
    }
    assert RateLimitConfig.from_mapping(made.to_mapping()) == made


def test_dimensions_survive_json_in_one_spelling() -> None:
    made = RateLimitConfig(dimensions={"server+user": {"limit": 3}, "global": {}})
    assert [dimension.name for dimension in made.dimensions] == ["user+server", "global"]
    assert RateLimitConfig.from_mapping(made.to_mapping()) == made


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(AttributeError):
        RateLimitConfig().limit = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "fields",
    [
        {"window_type": "count", "window_size": 2_000},
        {"window_type": "count", "window_size": 10, "minimum_calls": 11},
        {"recovery_timeout": 10, "recovery_timeout_max": 5},
    ],
)
def test_fields_of_a_breaker_that_do_not_fit_together_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed):
        CircuitBreakerConfig.from_mapping(fields)


def test_a_member_and_its_text_are_the_same() -> None:
    assert RateLimitConfig(algorithm="sliding_log") == RateLimitConfig(algorithm="sliding_log")


@pytest.mark.parametrize("part", ["user_id", "server_id", "ip_address"])
@pytest.mark.parametrize("value", [True, 1.5, b"x", ()])
def test_a_key_part_is_text_or_a_whole_number(part: str, value: Any) -> None:
    with pytest.raises(ValidationFailed) as caught:
        MultiDimensionalKey(**{part: value})
    assert part in caught.value.errors


def test_a_fallback_is_taken_from_the_next_lower_level() -> None:
    config = DegradationConfig(fallback_light="cached", fallback_heavy="static")
    assert config.fallback(DegradationLevel.NONE) == ""
    assert config.fallback(DegradationLevel.MEDIUM) == "cached"
    assert config.fallback(DegradationLevel.HEAVY) == "static"


def test_a_limit_may_be_made_from_the_text_of_its_windows() -> None:
    made = RateLimitConfig.of("10/second; 1000/hour", algorithm="fixed_window")
    assert made == RateLimitConfig("fixed_window", limit=10, window=1, also="1000/hour")
    for wrong in ("", "ten", 10, "1/hour; 2/hour"):
        with pytest.raises(ValidationFailed) as caught:
            RateLimitConfig.of(wrong)  # type: ignore[arg-type]
        assert list(caught.value.errors) == ["limits"]
    with pytest.raises(ValidationFailed, match="colour"):
        RateLimitConfig.of("1/hour", colour=1)
