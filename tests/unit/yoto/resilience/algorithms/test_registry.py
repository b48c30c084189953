from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from yoto.errors import ConfigurationError, ValidationFailed
from yoto.redis import KeyBuilder
from yoto.resilience import GuardMode, RateLimitConfig
from yoto.resilience.algorithms import (
    Algorithm,
    Leases,
    algorithm_names,
    find_algorithm,
    limiter_scripts_by_name,
    register_algorithm,
    registry,
)
from yoto.resilience.limiter.dimensions import DimensionPlan

FIXED = find_algorithm("fixed_window")
LUA = "measure = function(key, cost) return 0, 0, 0, 0, 0, '', 1000 end\n"
OWN = Algorithm("own", LUA, FIXED.meter)


@pytest.fixture
def own() -> Iterator[Algorithm]:
    """Registered for one test."""
    yield register_algorithm(OWN)
    del registry._registered[OWN.name]


def test_the_algorithms_of_the_house_are_entries_as_others_are(own: Algorithm) -> None:
    assert algorithm_names() == [
        "token_bucket",
        "sliding_window",
        "sliding_log",
        "fixed_window",
        "leaky_bucket",
        "own",
    ]
    assert find_algorithm("own") is own
    assert f"\n{LUA}" in own.scripts.hit.source


def test_a_configuration_may_name_what_is_registered_and_nothing_else(own: Algorithm) -> None:
    assert RateLimitConfig(algorithm="own").to_mapping()["algorithm"] == "own"
    with pytest.raises(ValidationFailed) as refused:
        RateLimitConfig(algorithm="lottery")
    known = "token_bucket, sliding_window, sliding_log, fixed_window, leaky_bucket, own"
    assert refused.value.errors == {"algorithm": [f"must be one of {known}, not 'lottery'"]}


def test_a_name_that_nobody_registered_is_refused() -> None:
    with pytest.raises(ValidationFailed, match="own"):
        RateLimitConfig(algorithm="own")


def test_a_form_offers_what_is_registered(own: Algorithm) -> None:
    (described,) = [one for one in RateLimitConfig.describe() if one["name"] == "algorithm"]
    assert described["choices"] == algorithm_names()
    assert "own" in described["choices"]


def test_an_own_one_has_keys_and_scripts_of_its_own(own: Algorithm) -> None:
    plan = DimensionPlan("uploads", RateLimitConfig(algorithm="own"), KeyBuilder())
    assert plan.target("k").keys[0].endswith(":own")
    assert plan.scripts is own.scripts
    assert "limiter_hit.own" in limiter_scripts_by_name()


def test_the_same_one_may_be_registered_again_and_another_of_its_name_not(own: Algorithm) -> None:
    assert register_algorithm(Algorithm("own", LUA, FIXED.meter)) is own
    with pytest.raises(ConfigurationError, match="own is another one already"):
        register_algorithm(replace(OWN, bursts=True))
    with pytest.raises(ConfigurationError, match="fixed_window has the code fw"):
        register_algorithm(replace(OWN, name="other", code="fw"))
    assert "other" not in algorithm_names()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Own"}, "'Own' must be"),
        ({"name": "own:x"}, "must be"),
        ({"name": ""}, "must be"),
        ({"code": "a{b}"}, "must be"),
        ({"meter": object}, "no wait, charge, used, status"),
        ({"lua": "local measured = 1"}, "no 'measure'"),
    ],
)
def test_half_a_pair_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        replace(OWN, **wrong)  # type: ignore[arg-type]


def test_a_limit_is_leased_only_where_its_algorithm_says_how(own: Algorithm) -> None:
    assert own.leases is Leases.NONE
    with pytest.raises(ValidationFailed) as refused:
        RateLimitConfig(algorithm="own", mode=GuardMode.LEASED)
    assert "must be strict: the algorithm own" in refused.value.errors["mode"][0]
    for name in algorithm_names()[:-1]:
        assert RateLimitConfig(algorithm=name, mode=GuardMode.LEASED).mode is GuardMode.LEASED
