"""A rate limiter by each algorithm, on every kind of server and on the twin in memory."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.contract.resilience.conftest import OWN, Join
from tests.contract.resilience.platform import Live, Platform
from tests.support.waiting import wait_until
from yoto.errors import ValidationFailed
from yoto.resilience.algorithms import algorithm_names
from yoto.resilience.limiter import RateLimiter, RateLimitResult
from yoto.resilience.settings import MultiDimensionalKey, RateLimitConfig

pytestmark = pytest.mark.usefixtures("own_algorithm")
EVERY_ALGORITHM = pytest.mark.parametrize("algorithm", [*algorithm_names(), OWN])
SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")
# Seconds. Long enough that nothing comes back while a test runs.
LONG = 600.0


def hits(limiter: RateLimiter, times: int, key: Any = "k", cost: int = 1) -> list[bool]:
    return [limiter.hit(key, cost).allowed for _ in range(times)]


@EVERY_ALGORITHM
def test_ten_pass_and_the_eleventh_does_not(platform: Platform, name: str, algorithm: str) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=10, window=LONG)
    results = [limiter.hit("k") for _ in range(11)]
    assert [result.allowed for result in results] == [True] * 10 + [False]
    assert [result.remaining for result in results] == [*range(9, -1, -1), 0]
    assert all(result.limit == 10 and result.dimension == "key" for result in results)
    denied = results[10]
    # The counter weighs the last window until the one after it ends.
    whole = 2 * LONG if algorithm == "sliding_window" else LONG
    assert denied.reset_after == pytest.approx(whole, rel=0.01)
    assert 0 < denied.retry_after <= whole
    assert limiter.rejected == 1


@EVERY_ALGORITHM
def test_costs_are_whole_or_nothing_and_a_peek_uses_nothing(
    platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=10, window=LONG)
    assert limiter.peek("k", 10).allowed
    assert limiter.hit("k", 5).remaining == 5
    for _ in range(3):
        peek = limiter.peek("k", 6)
        assert (peek.allowed, peek.remaining) == (False, 5)
    assert not limiter.hit("k", 6).allowed
    assert limiter.hit("k", 5).remaining == 0


@EVERY_ALGORITHM
def test_a_refund_gives_back_and_never_passes_the_limit(
    platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=10, window=LONG)
    hits(limiter, 11)
    limiter.refund("k", 3)
    assert hits(limiter, 4) == [True] * 3 + [False]
    limiter.refund("k", 1_000)
    assert limiter.peek("k").remaining == 10
    assert hits(limiter, 11) == [True] * 10 + [False]


@EVERY_ALGORITHM
def test_a_refund_takes_units_from_calls_of_any_cost(
    platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=10, window=LONG)
    for cost in (1, 5, 3):
        limiter.hit("k", cost)
    limiter.refund("k", 4)
    assert limiter.peek("k").remaining == 5
    limiter.hit("k", 2)
    assert limiter.peek("k").remaining == 3


@EVERY_ALGORITHM
def test_a_reset_makes_a_key_unused(platform: Platform, name: str, algorithm: str) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=3, window=LONG)
    hits(limiter, 4)
    try:
        limiter.reset("k")
    except Exception as error:
        # Without Redis the caller hears that the others do not know.
        assert type(error).__name__ == "StoreUnavailable"
    assert hits(limiter, 4) == [True] * 3 + [False]


@EVERY_ALGORITHM
def test_waiting_as_long_as_told_admits_and_a_tenth_less_does_not(
    platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=2, window=0.6)
    # On a busy machine a window may end between two calls.
    tried = (limiter.hit("k") for _ in range(20))
    denied = next(one for one in tried if not one.allowed)
    told = time.monotonic()
    limiter.denials.clear()
    time.sleep(max(0.0, told + 0.9 * denied.retry_after - time.monotonic() - 0.005))
    early = limiter.peek("k")
    assert time.monotonic() >= told + denied.retry_after or not early.allowed
    time.sleep(max(0.0, told + denied.retry_after - time.monotonic()))
    assert limiter.hit("k").allowed


@EVERY_ALGORITHM
def test_a_limit_changed_live_keeps_what_was_used(
    platform: Platform, name: str, algorithm: str
) -> None:
    config = Live(RateLimitConfig.from_mapping({"algorithm": algorithm, "limit": 10}))
    limiter = platform.live_limiter(name, config)
    hits(limiter, 11)
    config.change(limit=15)
    raised = limiter.hit("k")
    assert (raised.allowed, raised.remaining) == (True, 4)
    config.change(limit=3)
    lowered = limiter.hit("k")
    assert (lowered.allowed, lowered.remaining) == (False, 0)


def test_an_algorithm_changed_live_starts_clean(platform: Platform, name: str) -> None:
    config = Live(RateLimitConfig(limit=3))
    limiter = platform.live_limiter(name, config)
    for algorithm in [*algorithm_names(), *algorithm_names()]:
        config.change(algorithm=algorithm)
        limiter.hit("k")
    assert limiter.hit("k").remaining >= 0
    assert limiter.store.health().store_errors == 0 or limiter.store.degraded


@EVERY_ALGORITHM
def test_a_limit_and_a_cost_of_a_million_work(
    platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=1_000_000, window=366 * 86_400)
    assert limiter.hit("k", 999_999).remaining in (1, 2)
    assert limiter.hit("k").allowed
    # Meanwhile a bucket gives a unit or two back.
    assert not limiter.hit("k", 100).allowed
    assert not limiter.hit("other", 1_000_001).allowed
    limiter.refund("k", 1_000_000)
    assert limiter.hit("k", 1_000_000).remaining == 0


@EVERY_ALGORITHM
def test_a_limit_of_nothing_refuses_all(platform: Platform, name: str, algorithm: str) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=0, window=LONG)
    denied = limiter.hit("k")
    assert (denied.allowed, denied.remaining, denied.retry_after) == (False, 0, LONG)


def test_a_burst_is_allowed_at_once_and_comes_back_at_the_rate(
    platform: Platform, name: str
) -> None:
    limiter = platform.limiter(name, limit=2, window=LONG, burst=6)
    results = [limiter.hit("k") for _ in range(7)]
    assert [result.allowed for result in results] == [True] * 6 + [False]
    # At two a window: the next one after half of it, all six after three.
    assert results[6].retry_after == pytest.approx(LONG / 2, rel=0.1)
    assert results[6].reset_after == pytest.approx(3 * LONG, rel=0.1)


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_log"])
def test_all_dimensions_are_charged_or_none(platform: Platform, name: str, algorithm: str) -> None:
    limiter = platform.limiter(
        name,
        algorithm=algorithm,
        limit=10,
        dimensions={"user": {}, "server": {"limit": 3}, "user+server": {}, "global": {}},
    )
    assert hits(limiter, 3, SOMEBODY) == [True] * 3
    denied = limiter.hit(SOMEBODY)
    assert (denied.allowed, denied.dimension, denied.limit) == (False, "server", 3)
    used = {status.name: status.remaining for status in limiter.peek(SOMEBODY).dimensions}
    assert used == {"user": 7, "server": 0, "user+server": 7, "global": 7}
    elsewhere = MultiDimensionalKey(user_id=42, server_id=8)
    assert limiter.hit(elsewhere).allowed


@EVERY_ALGORITHM
def test_all_windows_of_a_dimension_are_charged_or_none(
    platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(
        name,
        algorithm=algorithm,
        limit=2,
        window=30,
        also="5/hour",
        dimensions={"user": {}, "server": {"limit": 9, "window": LONG, "also": ""}},
    )
    hits(limiter, 2, SOMEBODY)
    denied = limiter.hit(SOMEBODY)
    assert (denied.allowed, denied.dimension, denied.limit) == (False, "user", 2)
    left = {one.name: (one.remaining, one.window) for one in limiter.peek(SOMEBODY).dimensions}
    assert left == {"user": (0, 30.0), "user/hour": (3, 3600.0), "server": (7, LONG)}
    limiter.refund(SOMEBODY, 1)
    limiter.refund(SOMEBODY, 1)
    assert [one.remaining for one in limiter.peek(SOMEBODY).dimensions] == [2, 5, 9]


def test_the_window_of_several_that_refuses_longest_is_told(platform: Platform, name: str) -> None:
    config = Live(RateLimitConfig(limit=9, window=1, also="2/30days; 5/day"))
    limiter = platform.live_limiter(name, config)
    assert hits(limiter, 3) == [True, True, False]
    denied = limiter.hit("k")
    assert (denied.dimension, denied.limit) == ("key/30days", 2)
    assert denied.retry_after > 86_400
    config.change(also="5/day")
    assert limiter.hit("k").remaining == 2
    config.change(also="2/day; 9/30days")
    assert limiter.hit("k").dimension == "key/day"


def test_the_longest_wait_of_those_that_refuse_is_told(platform: Platform, name: str) -> None:
    limiter = platform.limiter(
        name,
        algorithm="fixed_window",
        dimensions={
            "user": {"limit": 1, "window": 100},
            "server": {"limit": 1, "window": 500},
            "ip": {"limit": 5, "window": 900},
        },
    )
    limiter.hit(SOMEBODY)
    denied = limiter.hit(SOMEBODY)
    assert denied.dimension == "server"
    assert denied.retry_after == pytest.approx(500, rel=0.1)
    assert [status.retry_after > 0 for status in denied.dimensions] == [True, True, False]


def test_when_none_refuses_the_fullest_dimension_is_told(platform: Platform, name: str) -> None:
    limiter = platform.limiter(name, limit=10, dimensions={"user": {}, "ip": {"limit": 4}})
    assert limiter.hit(SOMEBODY)[:3] == (True, 4, 3)


def test_the_exact_window_frees_exactly_what_left_it(platform: Platform, name: str) -> None:
    # On a machine that is too busy for one window the next one is tried.
    for window in (1.0, 4.0, 16.0):
        limiter = platform.limiter(
            f"{name}{window}", algorithm="sliding_log", limit=10, window=window
        )
        assert hits(limiter, 5) == [True] * 5
        first_were_in = time.monotonic()
        time.sleep(window / 2)
        second_begin = time.monotonic()
        allowed = hits(limiter, 6)
        time.sleep(max(0.0, first_were_in + window + 0.02 - time.monotonic()))
        freed = hits(limiter, 6)
        if time.monotonic() < second_begin + window:  # none of the second five has left yet
            assert allowed == [True] * 5 + [False]
            assert freed == [True] * 5 + [False]
            return
    pytest.fail("the calls took longer than half a window of 16 s")


def test_threads_get_exactly_the_limit(platform: Platform, name: str) -> None:
    limiter = platform.limiter(name, limit=20, window=LONG)
    results: list[RateLimitResult] = []
    threads = [threading.Thread(target=lambda: results.append(limiter.hit("k"))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.allowed for result in results) == 20


@pytest.mark.parametrize("cost", [0, -1, 1.5, True, "1", 2_000_000_000])
def test_a_cost_is_a_whole_number_from_one(platform: Platform, name: str, cost: Any) -> None:
    with pytest.raises(ValidationFailed):
        platform.limiter(name).hit("k", cost)


# Tests that need a server


@EVERY_ALGORITHM
def test_processes_share_a_limit(join_remote: Join, name: str, algorithm: str) -> None:
    limiters = [
        join_remote().limiter(name, algorithm=algorithm, limit=5, window=LONG) for _ in range(3)
    ]
    allowed = [limiter.hit("k").allowed for _ in range(4) for limiter in limiters]
    assert allowed.count(True) == 5


@EVERY_ALGORITHM
def test_a_denied_call_writes_nothing(remote: Platform, name: str, algorithm: str) -> None:
    limiter = remote.limiter(name, algorithm=algorithm, limit=3, window=LONG)
    hits(limiter, 3)
    (key,) = limiter.plan.target("k").keys
    before = remote.redis.client.dump(key)
    for _ in range(3):
        limiter.denials.clear()
        assert not limiter.hit("k").allowed
    assert remote.redis.client.dump(key) == before


@EVERY_ALGORITHM
def test_a_key_lives_ten_seconds_longer_than_two_windows_at_most(
    remote: Platform, name: str, algorithm: str
) -> None:
    limiter = remote.limiter(name, algorithm=algorithm, limit=10, window=5)
    hits(limiter, 11)
    limiter.refund("k", 2)
    hits(limiter, 1)
    (key,) = limiter.plan.target("k").keys
    assert 0 < remote.redis.client.pttl(key) <= 20_000


@EVERY_ALGORITHM
def test_a_request_that_is_sent_again_is_charged_once(
    remote: Platform, name: str, algorithm: str
) -> None:
    limiter = remote.limiter(name, algorithm=algorithm, limit=1, window=LONG)
    plan = limiter.plan
    target = plan.target("k")
    first = limiter.remote.hit(plan, target, 1, "request-1")
    again = limiter.remote.hit(plan, target, 1, "request-1")
    assert (first[0].retry_after, again[0].retry_after) == (0.0, 0.0)
    other = limiter.remote.hit(plan, target, 1, "request-2")
    assert other[0].retry_after > 0
    for _ in range(2):
        limiter.remote.give(plan, target, 1, "refund-1")
    assert limiter.peek("k").remaining == 1


def test_what_another_process_gave_back_is_seen_when_told(join_remote: Join, name: str) -> None:
    first, second = (join_remote().limiter(name, limit=1, window=LONG) for _ in range(2))
    hits(first, 2)
    second.refund("k")
    assert not first.hit("k").allowed
    first.forget("k")
    assert first.hit("k").allowed


def test_scripts_that_were_flushed_are_loaded_again(remote: Platform, name: str) -> None:
    limiter = remote.limiter(name, limit=5)
    hits(limiter, 2)
    remote.redis.client.script_flush()
    assert limiter.hit("k").remaining == 2
    assert limiter.store.health().store_errors == 0


def test_a_flush_starts_the_limit_anew_and_raises_nothing(remote: Platform, name: str) -> None:
    limiter = remote.limiter(name, limit=5)
    hits(limiter, 3)
    remote.redis.client.flushall()
    assert limiter.hit("k").remaining == 4


def test_refused_strangers_leave_no_keys_behind(remote: Platform, name: str) -> None:
    """The dimension that all unknown callers share bounds the number of their keys."""
    limiter = remote.limiter(
        name,
        algorithm="token_bucket",
        dimensions={"user": {"limit": 1, "window": 60}, "global": {"limit": 5, "window": 60}},
    )
    strangers = [MultiDimensionalKey(user_id=number) for number in range(60)]
    passed = sum(limiter.hit(one).allowed for one in strangers)
    assert passed == 5

    def keys_left() -> int:
        # Brackets would be a set of letters, and are written otherwise in keys.
        pattern = f"*{{rl:{name.partition('[')[0]}*"
        return sum(1 for _ in remote.redis.client.scan_iter(match=pattern, count=1_000))

    assert keys_left() > passed
    # Those of the requests live for two seconds.
    wait_until(lambda: keys_left() == passed + 1)


def test_every_key_of_a_limit_can_be_reset(join_remote: Join, name: str) -> None:
    first, second = (
        join_remote().limiter(name, limit=1, also="3/day", dimensions=["user", "global", "ip"])
        for _ in range(2)
    )
    other = join_remote().limiter(f"{name}:other", limit=1)
    people = [MultiDimensionalKey(user_id=number, ip_address="::1") for number in range(9)]
    for limiter in (first, second, other):
        assert not limiter.hit(None).allowed or not limiter.hit(None).allowed
        for one in people:
            limiter.hit(one)
            limiter.hit("a text")
    assert first.reset_all()
    for status in (one for key in (*people, "a text", None) for one in first.peek(key).dimensions):
        assert status.remaining == status.limit
    assert not other.hit(None).allowed
    assert not first.reset_all(seconds=0.0)
