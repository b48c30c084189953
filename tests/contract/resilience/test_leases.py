"""A limit in mode ``leased``: admitted from memory, never more than strictly, nothing lost."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Live, Platform
from tests.contract.resilience.trips import Trips
from tests.support.waiting import wait_until
from yoto.errors import CircuitIsolated, StoreUnavailable
from yoto.resilience.algorithms import algorithm_names
from yoto.resilience.limiter import RateLimiter
from yoto.resilience.outcome import Outcome
from yoto.resilience.process import _Process
from yoto.resilience.settings import MultiDimensionalKey, RateLimitConfig

EVERY_ALGORITHM = pytest.mark.parametrize("algorithm", algorithm_names())
BUCKETS = ("token_bucket", "leaky_bucket")
SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")
# Seconds. Long enough that nothing comes back while a test runs.
LONG = 600.0


def leased(platform: Platform, name: str, **fields: Any) -> RateLimiter:
    return platform.limiter(name, **{"mode": "leased", "window": LONG, **fields})


def spend(limiter: RateLimiter, most: int = 10_000) -> int:
    """Hits until one is refused; how many passed."""
    return next((number for number in range(most) if not limiter.hit("k").allowed), most)


@EVERY_ALGORITHM
def test_as_many_pass_as_strictly_to_within_a_lease(
    remote: Platform, name: str, algorithm: str
) -> None:
    limiter = leased(remote, name, algorithm=algorithm, limit=400)
    passed = spend(limiter)
    if algorithm in BUCKETS:
        # Units that drain during a lease are kept back; those that drain while this runs pass.
        assert passed == pytest.approx(400, abs=5)
    else:
        assert passed == 400


@EVERY_ALGORITHM
def test_two_workers_share_one_limit(join_remote: Join, name: str, algorithm: str) -> None:
    limiters = [leased(join_remote(), name, algorithm=algorithm, limit=300) for _ in range(2)]
    passed = 0
    open_ones = list(limiters)
    while open_ones:
        for limiter in list(open_ones):
            if limiter.hit("k").allowed:
                passed += 1
            else:
                open_ones.remove(limiter)
    assert 250 <= passed <= 302


@EVERY_ALGORITHM
def test_a_lease_is_paid_for_in_every_window(remote: Platform, name: str, algorithm: str) -> None:
    limiter = leased(remote, name, algorithm=algorithm, limit=10_000, also="300/day")
    assert spend(limiter) in (range(295, 304) if algorithm in BUCKETS else (300,))
    refused = limiter.hit("k")
    assert (refused.dimension, refused.limit) == ("key/day", 300)
    limiter.reset("k")
    assert [one.remaining for one in limiter.peek("k").dimensions] == [10_000, 300]


def test_most_calls_ask_nobody(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = leased(remote, name, limit=1_000_000)
    trips = Trips(remote, monkeypatch)
    for _ in range(1_000):
        assert limiter.hit(SOMEBODY).allowed
    assert trips.count < 100


@EVERY_ALGORITHM
def test_what_is_unused_comes_back(remote: Platform, name: str, algorithm: str) -> None:
    limiter = leased(remote, name, algorithm=algorithm, limit=100_000)
    leases = limiter.leases

    def nothing_is_lost() -> bool:
        """Whether all that a hundred calls left over came back."""
        limiter.reset("k")
        over, wasted = leases.returned + leases.wasted, leases.wasted
        for _ in range(100):
            limiter.hit("k")
        assert leases.leased > 0
        wait_until(lambda: leases.returned + leases.wasted > over)
        wait_until(
            lambda: leases.wasted > wasted or 100_000 - limiter.peek("k").remaining <= 100 + drains
        )
        return leases.wasted == wasted

    # A bucket was raised by what drains in a second, which drains in one.
    drains = 100_000 / LONG
    # A lease of a second ends unused where this process stands still for one: not every time.
    wait_until(nothing_is_lost)


def test_the_headers_promise_no_more_while_other_workers_use_as_much(
    join_remote: Join, name: str
) -> None:
    several = [
        leased(join_remote(instances=lambda: 3), name, limit=3_000, algorithm="fixed_window")
        for _ in range(3)
    ]
    admitted, from_memory = 0, 0
    while True:
        for limiter in several:
            units = limiter.leases.leased
            result = limiter.hit("k")
            if not result.allowed:
                assert result.remaining == 0
                assert from_memory > 1_000
                return
            admitted += 1
            from_memory += limiter.leases.leased == units
            assert result.remaining <= 3_000 - admitted


def test_the_headers_promise_no_more_than_is_left_when_another_worker_used_it_up(
    join_remote: Join, name: str
) -> None:
    here, other = [
        leased(join_remote(instances=lambda: 2), name, limit=3_000, algorithm="fixed_window")
        for _ in range(2)
    ]
    admitted = spend(here, 40) + spend(other)
    left = here.leases.leased - 40
    assert left > 0
    for _ in range(left):
        result = here.hit("k")
        admitted += result.allowed
        assert result.remaining <= 3_000 - admitted


def test_the_headers_promise_what_is_there(remote: Platform, name: str) -> None:
    limiter = leased(remote, name, limit=500, algorithm="fixed_window")
    told = [limiter.hit("k").remaining for _ in range(500)]
    assert told == list(range(499, -1, -1))
    denied = limiter.hit("k")
    assert (denied.allowed, denied.remaining) == (False, 0)


def test_a_changed_limit_gives_back_what_is_held(remote: Platform, name: str) -> None:
    config = Live(RateLimitConfig.from_mapping({"limit": 10_000, "mode": "leased"}))
    limiter = remote.live_limiter(name, config)
    for _ in range(100):
        limiter.hit("k")
    config.change(limit=20_000)
    assert limiter.hit("k").remaining <= 20_000 - 101
    assert limiter.leases.returned > 0


def test_a_reset_ends_leases(remote: Platform, name: str) -> None:
    limiter = leased(remote, name, limit=1_000, algorithm="sliding_log")
    for _ in range(50):
        limiter.hit("k")
    limiter.reset("k")
    assert limiter.peek("k").remaining == 1_000
    assert spend(limiter) == 1_000


def test_who_hears_of_a_reset_uses_no_lease_and_waits_for_nothing(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = leased(remote, name, limit=1_000)
    spend(limiter, 20)
    with monkeypatch.context() as patched:
        patched.setattr(limiter.leases, "_give_back", None)  # a call would fail
        patched.setattr(limiter.leases, "_look_soon", lambda seconds: None)
        limiter.forget_all()
    assert limiter.leases.take(limiter.plan, "k", 1) is None
    before = limiter.leases.returned + limiter.leases.wasted
    limiter.leases._look_soon(0.0)
    wait_until(lambda: limiter.leases.returned + limiter.leases.wasted > before)


def test_a_child_process_leases_for_itself(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = leased(remote, name, limit=1_000, algorithm="fixed_window")
    monkeypatch.setattr(limiter.leases, "_look_soon", lambda seconds: None)
    spend(limiter, 30)
    parents = limiter.leases._leases["k"]
    assert parents.left
    before = parents.left
    monkeypatch.setattr(_Process, "pid", os.getpid() + 1)
    limiter.refund("k")
    assert parents.left == before
    assert spend(limiter, 100) == 100
    assert parents.left == before
    assert limiter.leases.leased > 0
    limiter.leases.clear()
    assert limiter.peek("k").remaining == 1_000 - 30 - before + 1 - 100


def test_a_refund_goes_to_the_lease(remote: Platform, name: str) -> None:
    limiter = leased(remote, name, limit=1_000, algorithm="fixed_window")
    for _ in range(30):
        limiter.hit("k")
    before = limiter.hit("k").remaining
    limiter.refund("k")
    assert limiter.hit("k").remaining == before


def test_a_refusal_by_another_part_costs_no_permit(remote: Platform, name: str) -> None:
    limits = {"limit": 1_000, "mode": "leased", "algorithm": "fixed_window", "window": LONG}
    guard = remote.guard(name, breaker={}, limiter=limits)
    for _ in range(40):
        guard.enter("k").exit(Outcome.SUCCESS)
    permit = guard.enter("k")
    assert permit.limits is not None
    before = permit.limits.remaining
    permit.exit(Outcome.SUCCESS)
    breaker = remote.breaker(name)
    breaker.force_open("test")
    for _ in range(30):
        with pytest.raises(CircuitIsolated):
            guard.enter("k")
    breaker.reset()
    with guard.enter("k") as again:
        assert again.limits is not None
        assert again.limits.remaining == before - 1


def test_a_guard_asks_only_for_what_memory_does_not_have(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = remote.guard(name, limiter={"limit": 100_000, "mode": "leased"})
    trips = Trips(remote, monkeypatch)
    for _ in range(500):
        guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    assert trips.count < 60


def test_what_is_in_hand_is_used_while_redis_is_away(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = leased(remote, name, limit=100_000, on_store_error="closed")
    monkeypatch.setattr(limiter.leases, "_look_soon", lambda seconds: None)
    for _ in range(100):
        limiter.hit("k")
    # However long the rest of this takes, the lease is not over.
    taken_at = limiter.leases._leases["k"].taken_at
    monkeypatch.setattr(limiter.leases, "_clock", lambda: taken_at)

    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("redis", ConnectionError("test"))

    monkeypatch.setattr(remote.redis.scripts, "run", away)
    monkeypatch.setattr(remote.redis.scripts, "run_many", away)
    passed = spend(limiter)
    assert passed > 0
    assert limiter.store.degraded


def test_a_lease_that_is_over_lets_nobody_in(remote: Platform, name: str) -> None:
    limiter = leased(remote, name, limit=100_000, window=10.0)
    plan = limiter.plan
    for _ in range(50):
        limiter.hit("k")
    remote.runtime.deferred.close()
    time.sleep(plan.lease_length)
    assert limiter.leases.take(plan, "k", 1) is None
