"""Admissions by limits in Redis that are changed live, leased units included."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.contract.resilience.conftest import Join, reach_of
from tests.contract.resilience.platform import PREFIX, Live, Platform
from tests.support.live_limits import (
    BUCKETS,
    MICRO,
    NEARLY,
    Admission,
    Change,
    pauses,
    quotas,
    too_many,
)
from tests.support.waiting import wait_until
from yoto.redis import Script
from yoto.resilience.algorithms import Quota, algorithm_names, find_algorithm
from yoto.resilience.algorithms.contract import BEGIN, with_clock
from yoto.resilience.settings import RateLimitConfig

CLOCK = f"{PREFIX}test-live-changes-clock"
LENGTH = 25_000  # µs of a lease: a twentieth of the shortest window
STEP = st.tuples(
    pauses,
    st.one_of(
        st.tuples(st.just("change"), quotas),
        st.tuples(st.just("hit"), st.integers(1, 12)),
        # Units wanted, those used of it, and when.
        st.tuples(st.just("lend"), st.tuples(st.integers(2, 20), st.integers(0, 20))),
        st.tuples(st.just("refused"), st.integers(61, 90)),
    ),
)
SLOW = Quota(10, 60.0, 10)
USED_UP: list[tuple[int, Any]] = [(1, ("hit", 10))]
_numbers = itertools.count(1)


class Dimension:
    """One key of an algorithm in Redis, at moments that the test names."""

    def __init__(self, platform: Platform, algorithm: str, quota: Quota) -> None:
        self._client = platform.redis.client
        self._run_script = platform.redis.scripts.run
        self._key = platform.redis.keys.tagged(("live-changes", str(next(_numbers))))
        clock = f"local now = tonumber(redis.call('GET', '{CLOCK}'))"
        self._scripts = with_clock(find_algorithm(algorithm).scripts, clock)
        self._longer = LENGTH if algorithm == "sliding_log" else 0
        self._bursts = algorithm in BUCKETS
        self.limits = self.packed(quota)

    def packed(self, quota: Quota) -> bytes:
        capacity = quota.capacity if self._bursts else quota.limit
        return struct.pack("<ddd", quota.limit, quota.window * MICRO + self._longer, capacity)

    def at(self, now: int) -> None:
        """Set the clock, and end what has ended by it."""
        self._client.set(CLOCK, now, px=600_000)
        ends = self._client.pexpiretime(self._key)
        if 0 < ends * 1_000 < now - 1_000:
            self._client.delete(self._key)

    def hit(self, units: int) -> bool:
        return bool(self._charge(self._scripts.hit, units)[0])

    def lend(self, wanted: int) -> tuple[int, bytes]:
        """Units, and the marks by which some may come back."""
        units, lasts, _, marks = self._charge(self._scripts.lease, 1, wanted, LENGTH)
        return units, marks if lasts else b""

    def give_back(self, units: int, marks: bytes) -> None:
        self._charge(self._scripts.give_lent, units, marks)

    def change(self, quota: Quota) -> None:
        before, self.limits = self.limits, self.packed(quota)
        self._run_script(self._scripts.keep, (self._key,), (self.limits, before))

    def _charge(self, script: Script, *args: int | bytes) -> Any:
        keys = (f"{self._key}:rq:{next(_numbers)}", self._key)
        return self._run_script(script, keys, (self.limits, *args, 1))


@pytest.fixture
def valkey_platform(
    request: pytest.FixtureRequest, make_platform: Callable[..., Platform]
) -> Platform:
    return make_platform(reach_of(request, "valkey"))


@pytest.mark.parametrize("algorithm", algorithm_names())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(quota=quotas, steps=st.lists(STEP, max_size=40))
# Beyond the life that the earlier limit gave the key.
@example(Quota(60, 2.0, 10), [*USED_UP, (1, ("change", SLOW)), (20_000_003, ("hit", 10))])
@example(Quota(10, 2.0, 10), [*USED_UP, (1, ("change", SLOW)), (20_000_003, ("hit", 10))])
# Units used long before a faster rate did not drain at it.
@example(SLOW, [*USED_UP, (1_000_003, ("change", Quota(60, 2.0, 10))), (1, ("hit", 10))])
def test_no_change_admits_more_than_the_limits_in_force(
    valkey_platform: Platform, algorithm: str, quota: Quota, steps: list[tuple[int, Any]]
) -> None:
    dimension = Dimension(valkey_platform, algorithm, quota)
    changes, log, at = [Change(BEGIN, quota)], list[Admission](), BEGIN
    for pause, (what, value) in steps:
        at += pause
        dimension.at(at)
        if what == "change":
            dimension.change(value)
            changes.append(Change(at, value))
        elif what == "lend":
            units, marks = dimension.lend(value[0])
            unused = max(0, units - 1 - value[1]) if marks else 0
            if units:
                log.append(Admission(at, units - unused))
            if unused:
                dimension.give_back(unused, marks)
        elif dimension.hit(value):
            log.append(Admission(at, value))
    assert too_many(algorithm, changes, log) <= NEARLY


@pytest.mark.parametrize("algorithm", algorithm_names())
def test_a_change_reaches_the_keys_of_all_callers(
    join_remote: Join, name: str, algorithm: str
) -> None:
    """Nobody asks between the change and the moment at which the old limit would have forgotten."""
    config = Live(RateLimitConfig(algorithm=algorithm, limit=10, window=10, burst=10))
    first, second = (join_remote().live_limiter(name, config) for _ in range(2))
    first.hit("known", 10)
    second.hit("another", 10)
    client = join_remote().redis.client
    keys = [first.plan.target(key).keys[0] for key in ("known", "another")]
    # 20 s of use and 10 s more, each rounded up to a millisecond.
    assert max(client.pttl(key) for key in keys) < 31_000
    config.change(window=600.0)
    first.keep_soon()
    wait_until(lambda: min(client.pttl(key) for key in keys) > 60_000, 25)
    assert not first.hit("another", 9).allowed and not second.hit("known", 9).allowed


def test_an_algorithm_that_is_changed_and_changed_back_finds_its_own_use(
    join_remote: Join, name: str
) -> None:
    config = Live(RateLimitConfig(algorithm="token_bucket", limit=3, window=60))
    limiter = join_remote().live_limiter(name, config)
    for algorithm in [*algorithm_names(), *reversed(algorithm_names())]:
        config.change(algorithm=algorithm, limit=2 + len(algorithm), window=60 + len(algorithm))
        limiter.keep_soon()
        assert limiter.hit("k").allowed
    assert limiter.store.health().store_errors == 0
    assert limiter.hit("k").remaining == 2 + len("token_bucket") - 3
