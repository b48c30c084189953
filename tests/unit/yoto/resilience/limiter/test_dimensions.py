from __future__ import annotations

import pytest

from yoto.errors import ValidationFailed
from yoto.redis import KeyBuilder
from yoto.resilience.algorithms import algorithm_names
from yoto.resilience.limiter.dimensions import DimensionPlan, Key
from yoto.resilience.settings import MultiDimensionalKey, RateLimitConfig

SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")


def keys_of(key: Key, config: RateLimitConfig | None = None) -> list[str]:
    plan = DimensionPlan("message.send", config or RateLimitConfig(), KeyBuilder())
    return plan.target(key).keys


def test_every_known_part_counts_by_itself_when_nothing_is_configured() -> None:
    assert keys_of(SOMEBODY) == [
        "yoto:{rl:message.send:u:42}:tb",
        "yoto:{rl:message.send:s:7}:tb",
        "yoto:{rl:message.send:i:10.0.0.1}:tb",
    ]


def test_configured_dimensions_are_counted_and_no_others() -> None:
    config = RateLimitConfig(dimensions=("user+server", "global"))
    assert keys_of(SOMEBODY, config) == [
        "yoto:{rl:message.send:us:42:7}:tb",
        "yoto:{rl:message.send:g}:tb",
    ]


def test_a_dimension_with_an_unknown_part_is_left_out() -> None:
    config = RateLimitConfig(dimensions=("user+server", "ip"))
    assert keys_of(MultiDimensionalKey(user_id=1, ip_address="::1"), config) == [
        "yoto:{rl:message.send:i:%3A%3A1}:tb"
    ]


@pytest.mark.parametrize("key", [None, MultiDimensionalKey()])
def test_a_caller_of_whom_nothing_is_known_is_counted_with_all_like_him(key: Key) -> None:
    assert keys_of(key) == ["yoto:{rl:message.send:g}:tb"]
    assert keys_of(key, RateLimitConfig(dimensions=("user",))) == ["yoto:{rl:message.send:g}:tb"]


def test_a_key_of_text_is_counted_beside_a_configured_global_limit() -> None:
    assert keys_of("a b") == ["yoto:{rl:message.send:k:a%20b}:tb"]
    config = RateLimitConfig(dimensions=("global",))
    assert keys_of("job", config) == [
        "yoto:{rl:message.send:k:job}:tb",
        "yoto:{rl:message.send:g}:tb",
    ]


def test_values_cannot_pose_as_others() -> None:
    config = RateLimitConfig(dimensions=("user+server",))
    first = keys_of(MultiDimensionalKey("1:2", "3"), config)
    second = keys_of(MultiDimensionalKey("1", "2:3"), config)
    assert first != second
    assert keys_of("}x{") == ["yoto:{rl:message.send:k:%7Dx%7B}:tb"]


def test_each_algorithm_has_keys_of_its_own() -> None:
    made = {keys_of("k", RateLimitConfig(algorithm=name))[0] for name in algorithm_names()}
    assert len(made) == len(algorithm_names())


def test_a_dimension_takes_what_it_does_not_say_from_the_limiter() -> None:
    config = RateLimitConfig(limit=10, window=5, burst=20, dimensions={"user": {"limit": 3}})
    (counted,) = DimensionPlan("x", config, KeyBuilder()).target(SOMEBODY).dimensions
    assert counted.quota == (3, 5.0, 20)


def test_a_further_window_has_a_key_by_its_length_in_the_slot_of_its_dimension() -> None:
    config = RateLimitConfig(also="9/hour", dimensions={"user": {}, "global": "1/second; 5/year"})
    assert keys_of(SOMEBODY, config) == [
        "yoto:{rl:message.send:u:42}:tb",
        "yoto:{rl:message.send:u:42}:tb:3600",
        "yoto:{rl:message.send:g}:tb",
        "yoto:{rl:message.send:g}:tb:31536000",
    ]
    target = DimensionPlan("x", config, KeyBuilder()).target(SOMEBODY)
    assert [len(slot.keys) for slot in target.by_slot()] == [2, 2]
    assert b"".join(slot.limits for slot in target.by_slot()) == target.limits


def test_a_burst_means_nothing_to_windows() -> None:
    config = RateLimitConfig(algorithm="sliding_log", limit=10, burst=20)
    (counted,) = DimensionPlan("x", config, KeyBuilder()).target("k").dimensions
    assert counted.quota.capacity == 10


@pytest.mark.parametrize("key", [True, 1.5, b"x", ["u"]])
def test_a_key_of_another_type_is_refused(key: object) -> None:
    with pytest.raises(ValidationFailed):
        keys_of(key)  # type: ignore[arg-type]
