"""The scripts of leases, against their model in plain Python, with a clock that the test sets."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.contract.resilience.conftest import reach_of
from tests.contract.resilience.platform import PREFIX, Platform
from tests.support.lending import Mark, Store
from yoto.redis import Script
from yoto.resilience.algorithms import Quota, algorithm_names, find_algorithm
from yoto.resilience.algorithms.contract import with_clock

CLOCK = f"{PREFIX}test-lease-clock"
MICRO = 1_000_000
# µs. Far in the future, so that a key's TTL, which is by the real clock, ends nothing.
BEGIN = 4_000_000_000 * MICRO


def seconds_of(at: int) -> float:
    """The model's clock, in seconds. It began later: its numbers would be too large to be exact."""
    return (at - BEGIN) / MICRO + 1_000


# Not round, so that nothing ends at the very moment of a step, which both round in their own way.
PAUSES = [0, 1, 7_001, 40_009, 90_007, 300_017, 1_000_003, 1_999_993, 2_100_011]
STEP = st.tuples(
    st.sampled_from(PAUSES),
    st.sampled_from(["lend", "lend", "lend", "give", "fill"]),
    st.integers(1, 4),
    st.integers(1, 60),
)
_numbers = itertools.count(1)


class Scripts:
    """One dimension in Redis, at moments that the test names."""

    def __init__(self, platform: Platform, algorithm: str, quota: Quota, length: float):
        self._platform = platform
        self._key = platform.redis.keys.tagged(("lease-scripts", str(next(_numbers))))
        longer = length if algorithm == "sliding_log" else 0.0
        self._scripts = find_algorithm(algorithm).scripts
        self._limits = struct.pack(
            "<ddd", quota.limit, round((quota.window + longer) * MICRO), quota.capacity
        )
        self._length = round(length * MICRO)

    def _run(self, script: Script, at: int, *args: int | bytes) -> list[object]:
        self._platform.redis.client.set(CLOCK, at, px=600_000)
        keys = (f"{self._key}:rq:{next(_numbers)}", self._key)
        reply: list[object] = self._platform.redis.scripts.run(
            script, keys, (self._limits, *args, 1)
        )
        return reply

    def lend(self, at: int, cost: int, wanted: int) -> list[object]:
        return self._run(self._scripts.lease, at, cost, wanted, self._length)

    def give(self, at: int, units: int, mark: bytes) -> object:
        return self._run(self._scripts.give_lent, at, units, mark)


@pytest.fixture
def platform(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    make_platform: Callable[..., Platform],
) -> Platform:
    """An instance whose scripts see the clock of the test."""
    clock = f"local now = tonumber(redis.call('GET', '{CLOCK}'))"
    for algorithm in map(find_algorithm, algorithm_names()):
        monkeypatch.setitem(vars(algorithm), "scripts", with_clock(algorithm.scripts, clock))
    return make_platform(reach_of(request, "valkey"))


@pytest.mark.parametrize("algorithm", algorithm_names())
@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(STEP, min_size=1, max_size=25),
    limit=st.integers(10, 80),
    burst=st.integers(10, 80),
)
# An eighth of what is left is whole but for rounding.
@example(steps=[(0, "fill", 1, 1), (0, "lend", 1, 4)], limit=39, burst=71)
def test_redis_lends_and_takes_back_what_the_model_says(
    platform: Platform,
    algorithm: str,
    steps: list[tuple[int, str, int, int]],
    limit: int,
    burst: int,
) -> None:
    buckets = ("token_bucket", "leaky_bucket")
    quota = Quota(limit, 2.0, burst if algorithm in buckets else limit)
    model, real = Store(algorithm, quota, 0.1), Scripts(platform, algorithm, quota, 0.1)
    at, marks = BEGIN, list[tuple[int, Mark, bytes]]()
    for passed, what, cost, wanted in steps:
        at += passed
        if what == "give" and marks:
            units, mark, packed = marks.pop()
            assert real.give(at, units, packed) == int(model.give_back(seconds_of(at), units, mark))
            continue
        wanted = 1 if what == "fill" else wanted
        cost = 1 if what == "fill" else cost
        for _ in range(limit if what == "fill" else 1):
            expected = model.lend(seconds_of(at), cost, max(cost, wanted))
            units, lasts, _, packed = real.lend(at, cost, max(cost, wanted))
            assert units == expected.units
            assert lasts == pytest.approx(expected.seconds * MICRO, abs=2)
            if expected.mark is not None:
                assert isinstance(units, int) and isinstance(packed, bytes)
                marks.append((units - cost, expected.mark, packed))
            if not units:
                break
