"""How long a verdict is kept."""

from __future__ import annotations

import math

from yoto.rooms.policies.decision_cache import DecisionCache
from yoto.rooms.policies.result import Verdict

ALLOWED = Verdict(True, ())


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_verdict_is_given_until_it_ends() -> None:
    clock = Clock()
    cache = DecisionCache(10, 5.0, clock)
    cache.put("v1", "key", ALLOWED, math.inf)
    clock.now += 4.9
    assert cache.get("v1", "key") == ALLOWED
    clock.now += 0.2
    assert cache.get("v1", "key") is None


def test_the_validity_of_the_input_ends_it_earlier() -> None:
    clock = Clock()
    cache = DecisionCache(10, 5.0, clock)
    cache.put("v1", "key", ALLOWED, 1.0)
    clock.now += 1.1
    assert cache.get("v1", "key") is None


def test_another_version_has_verdicts_of_its_own() -> None:
    cache = DecisionCache(10, 5.0)
    cache.put("v1", "key", ALLOWED, math.inf)
    assert cache.get("v2", "key") is None


def test_it_is_bounded_and_zero_seconds_keep_nothing() -> None:
    cache = DecisionCache(2, 5.0)
    for key in "abc":
        cache.put("v1", key, ALLOWED, math.inf)
    assert len(cache) == 2
    cache.clear()
    cache.seconds = 0.0
    cache.put("v1", "a", ALLOWED, math.inf)
    assert len(cache) == 0
