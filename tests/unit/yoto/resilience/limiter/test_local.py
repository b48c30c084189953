from __future__ import annotations

from collections.abc import Callable

import pytest

from yoto.redis import KeyBuilder
from yoto.resilience.algorithms import find_algorithm
from yoto.resilience.limiter.dimensions import DimensionPlan, Key, LimiterTarget
from yoto.resilience.limiter.local import LocalLimiter
from yoto.resilience.settings import MultiDimensionalKey, RateLimitConfig

BUCKET, LOG = find_algorithm("token_bucket"), find_algorithm("sliding_log")


def target(key: Key = "k", **fields: object) -> LimiterTarget:
    config = RateLimitConfig.from_mapping({"limit": 10, "window": 10, **fields})
    return DimensionPlan("x", config, KeyBuilder()).target(key)


def shared_by(instances: int) -> Callable[[int, float], int]:
    return lambda limit, window: max(1, limit // instances) if limit else 0


@pytest.mark.parametrize(("instances", "passed"), [(1, 10), (3, 3), (40, 1)])
def test_an_instance_has_its_share_of_the_limit_and_at_least_one(
    instances: int, passed: int
) -> None:
    limiter = LocalLimiter(shared_by(instances))
    answers = [limiter.hit(target(), 1, 0.0, BUCKET)[0].retry_after == 0 for _ in range(12)]
    assert answers.count(True) == passed


def test_all_dimensions_are_charged_or_none() -> None:
    limiter = LocalLimiter(shared_by(1))
    both = target(MultiDimensionalKey(1, 2), dimensions={"user": {}, "server": {"limit": 1}})
    assert all(status.retry_after == 0 for status in limiter.hit(both, 1, 0.0, BUCKET))
    user, server = limiter.hit(both, 1, 0.0, BUCKET)
    assert (user.remaining, user.retry_after) == (9, 0.0)
    assert server.retry_after == pytest.approx(10.0)


def test_a_flood_of_names_does_not_make_its_own_address_forgotten() -> None:
    limiter = LocalLimiter(shared_by(1), largest=20)
    refused = 0
    for number in range(200):
        guess = target(MultiDimensionalKey(number, None, "192.0.2.1"), dimensions=["user", "ip"])
        refused += any(status.retry_after for status in limiter.hit(guess, 1, 0.0, BUCKET))
    assert refused == 190


def test_what_was_used_is_told_once() -> None:
    limiter = LocalLimiter(shared_by(1))
    asked = target()
    (key,), quota = asked.keys, asked.dimensions[0].quota
    limiter.hit(asked, 4, 0.0, BUCKET)
    assert limiter.begin_reporting(key, quota, 1.0, BUCKET) == pytest.approx(3)
    assert limiter.begin_reporting(key, quota, 1.0, BUCKET) == 0
    limiter.end_reporting(key, reported=True)
    assert limiter.begin_reporting(key, quota, 1.0, BUCKET) == 0
    assert len(limiter) == 0


def test_what_redis_could_not_be_told_stays_as_it_was() -> None:
    limiter = LocalLimiter(shared_by(1))
    asked = target(algorithm="sliding_log")
    (key,), quota = asked.keys, asked.dimensions[0].quota
    limiter.hit(asked, 10, 0.0, LOG)
    assert limiter.begin_reporting(key, quota, 9.0, BUCKET) == 10
    limiter.end_reporting(key, reported=False)
    assert limiter.hit(asked, 1, 9.0, LOG)[0].retry_after == pytest.approx(1.0)
    assert limiter.hit(asked, 1, 10.0, LOG)[0].retry_after == 0


def test_another_algorithm_starts_clean() -> None:
    limiter = LocalLimiter(shared_by(1))
    limiter.hit(target(), 10, 0.0, BUCKET)
    (status,) = limiter.hit(target(), 1, 0.0, LOG)
    assert (status.retry_after, status.remaining) == (0.0, 9)


def test_the_number_of_keys_is_bounded() -> None:
    limiter = LocalLimiter(shared_by(1), largest=3)
    for number in range(10):
        limiter.hit(target(str(number)), 1, 0.0, BUCKET)
    assert len(limiter) == 3
