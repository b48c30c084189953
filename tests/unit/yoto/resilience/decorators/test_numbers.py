"""Numbers in the code, beside the name."""

from __future__ import annotations

import pytest

from yoto.errors import ConfigurationError, RateLimited, ValidationFailed
from yoto.resilience import (
    CircuitBreakerConfig,
    Kind,
    RateLimitConfig,
    ResilienceController,
    bulkhead,
    circuit_breaker,
    rate_limit,
)


def test_they_hold_without_a_definition(controller: ResilienceController) -> None:
    calls = rate_limit("numbers.held", limit=2, window=3600)(lambda: "called")
    assert (calls(), calls()) == ("called", "called")
    with pytest.raises(RateLimited) as refused:
        calls()
    assert refused.value.limit == 2
    assert controller.guards.is_defined("numbers.held")


def test_each_kind_takes_its_own(controller: ResilienceController) -> None:
    bulkhead("numbers.kinds", max_concurrent=3)
    circuit_breaker("numbers.kinds", consecutive_failures=4)
    assert controller.get_bulkhead_config("numbers.kinds").max_concurrent == 3
    breaker = controller.get_circuit_breaker_config("numbers.kinds")
    assert breaker == CircuitBreakerConfig(consecutive_failures=4)
    assert controller.get_rate_limit_config("numbers.kinds") == RateLimitConfig()


def test_those_of_the_application_and_of_operators_come_first(
    controller: ResilienceController,
) -> None:
    rate_limit("numbers.first", limit=5, window=60)
    entry = controller.config.get(Kind.RATE_LIMIT, "numbers.first")
    assert entry.config == RateLimitConfig(limit=5, window=60)
    controller.set_rate_limit_config("numbers.first", limit=7)
    assert controller.get_rate_limit_config("numbers.first").limit == 7
    rate_limit("numbers.defined", limit=5)
    controller.define("numbers.defined", rate_limit=RateLimitConfig(limit=9))
    assert controller.get_rate_limit_config("numbers.defined").limit == 9


def test_one_name_has_one_set_of_them() -> None:
    rate_limit("numbers.once", limit=5)
    rate_limit("numbers.once", limit=5)
    rate_limit("numbers.once")
    with pytest.raises(ConfigurationError, match="rate_limit:numbers.once: has two different"):
        rate_limit("numbers.once", limit=6)


def test_what_is_wrong_is_named_where_it_is_written() -> None:
    with pytest.raises(ConfigurationError, match="numbers.wrong: 'per' is none of .*window"):
        rate_limit("numbers.wrong", limit=5, per=60)
    with pytest.raises(ValidationFailed, match="limit"):
        rate_limit("numbers.wrong", limit=-5)


def test_a_text_names_all_windows_at_once(controller: ResilienceController) -> None:
    rate_limit("numbers.text", limits="10/second; 1000 per hour")
    config = controller.get_rate_limit_config("numbers.text")
    assert config == RateLimitConfig(limit=10, window=1, also="1000/hour")
    with pytest.raises(ConfigurationError, match="numbers.twice: has 'limits' and 'window'"):
        rate_limit("numbers.twice", limits="10/second", window=1)
    for wrong in ("", "ten a second", 10):
        with pytest.raises(ConfigurationError, match="numbers.none: limits"):
            rate_limit("numbers.none", limits=wrong)


@pytest.mark.parametrize("windows", ["10/minute", "10 per minute", "2/second; 3/hour"])
def test_windows_in_the_place_of_the_name_are_refused_with_the_right_call(windows: str) -> None:
    with pytest.raises(ConfigurationError, match=f"rate_limit\\('search', limits='{windows}'\\)"):
        rate_limit(windows)
