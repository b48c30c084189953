"""Recorded calls under another configuration give what the algorithms would have said."""

from __future__ import annotations

import pytest

from yoto.errors import ValidationFailed
from yoto.resilience.algorithms import algorithm_names
from yoto.resilience.config_store import Kind
from yoto.resilience.settings import (
    BreakerMode,
    BulkheadConfig,
    BulkheadStrategy,
    CircuitBreakerConfig,
    Dimension,
    RateLimitConfig,
    WindowType,
)
from yoto.resilience.trail import REFUSED, BreakerCall, LimitedCall, SlotCall, TrailReading
from yoto.rooms.rollouts.dry_run import Caveat, dry_run
from yoto.rooms.rollouts.replays import replay_breaker, replay_bulkhead, replay_limit

OK, FAILED = 0, 1


def said(at: float, user: int = 1, server: int = 9, cost: int = 1) -> LimitedCall:
    return LimitedCall(at, (user, server, None), cost, True)


def inside(at: float, seconds: float, partition: str = "") -> SlotCall:
    return SlotCall(at, 0.0, seconds, partition, True)


def reading(*calls: object, until: float = 100.0, fleet: bool = True) -> TrailReading:
    return TrailReading(list(calls), until, True, frozenset({"worker"}), fleet)


@pytest.mark.parametrize("algorithm", algorithm_names())
def test_a_limit_refuses_what_is_above_it_and_takes_units_up_again(algorithm: str) -> None:
    config = RateLimitConfig(
        algorithm=algorithm, limit=3, window=10, dimensions=(Dimension("user"),)
    )
    calls = [said(at / 10) for at in range(5)] + [said(1.0, user=2), said(30.0)]
    replay = replay_limit(calls, config)
    assert (replay.rejected, replay.by) == (2, {"user": 2})


def test_each_dimension_of_a_candidate_is_counted_from_the_parts_of_the_callers() -> None:
    config = RateLimitConfig(dimensions=(Dimension("server", limit=4, window=60, burst=4),))
    calls = [said(at, user=at) for at in range(6)]
    assert replay_limit(calls, config).by == {"server": 2}
    own = RateLimitConfig(dimensions=(Dimension("user+server", limit=4, window=60),))
    assert replay_limit(calls, own).rejected == 0


def test_units_that_were_given_back_can_be_used_again() -> None:
    config = RateLimitConfig(limit=1, window=60, dimensions=(Dimension("user"),))
    calls = [said(0.0), said(0.1, cost=-1), said(0.2), said(0.3)]
    assert replay_limit(calls, config).rejected == 1


def test_a_key_of_text_and_one_for_all_are_counted() -> None:
    calls = [LimitedCall(0.0, "export", 1, True), LimitedCall(0.1, None, 1, True)] * 2
    assert replay_limit(calls, RateLimitConfig(limit=1, window=60)).rejected == 2


def test_a_breaker_opens_at_failures_and_lets_a_probe_through() -> None:
    config = CircuitBreakerConfig(
        window_type=WindowType.COUNT, window_size=4, minimum_calls=2, recovery_timeout=5
    )
    calls = [BreakerCall(at, 0.1, FAILED) for at in (0.0, 1.0)]
    calls += [BreakerCall(2.0, 0.1, OK), BreakerCall(3.0, 0.1, OK), BreakerCall(7.0, 0.1, OK)]
    calls += [BreakerCall(8.0, 0.1, OK)]
    replay = replay_breaker(calls, config)
    assert (replay.opened, replay.rejected) == (1, 2)


def test_a_call_that_is_slow_for_a_candidate_opens_it_when_it_has_ended() -> None:
    config = CircuitBreakerConfig(minimum_calls=1, slow_call_duration=1, recovery_timeout=30)
    calls = [BreakerCall(0.0, 2.0, OK), BreakerCall(1.0, 0.1, OK), BreakerCall(2.5, 0.1, OK)]
    replay = replay_breaker(calls, config)
    assert (replay.opened, replay.rejected) == (1, 1)


def test_of_calls_that_were_refused_nobody_knows_how_they_would_have_ended() -> None:
    calls = [BreakerCall(at, 0.0, REFUSED) for at in range(3)]
    assert replay_breaker(calls, CircuitBreakerConfig()).unknown == 3
    switched_off = replay_breaker(calls, CircuitBreakerConfig(mode=BreakerMode.DISABLED))
    assert (switched_off.rejected, switched_off.unknown) == (0, 3)


def test_a_bulkhead_refuses_who_finds_no_slot_in_time() -> None:
    calls = [inside(0.0, 4.0), inside(1.0, 1.0), inside(1.5, 1.0), inside(5.0, 1.0)]
    one = replay_bulkhead(calls, BulkheadConfig(max_concurrent=1))
    assert (one.rejected, one.peak) == (2, 1)
    patient = replay_bulkhead(calls, BulkheadConfig(max_concurrent=1, wait=3.0))
    # The second gets in at 4, which is in time; by 5 the third has waited longer than 3 s.
    assert patient.rejected == 1
    assert replay_bulkhead(calls, BulkheadConfig(max_concurrent=3)).peak == 3
    assert replay_bulkhead(calls, BulkheadConfig(max_concurrent=0)).rejected == 4


def test_partitions_have_slots_of_their_own_unless_all_share_them() -> None:
    calls = [inside(0.0, 2.0, "user:1"), inside(1.0, 2.0, "user:2")]
    each = BulkheadConfig(max_concurrent=1, strategy=BulkheadStrategy.USER)
    assert replay_bulkhead(calls, each).rejected == 0
    assert replay_bulkhead(calls, BulkheadConfig(max_concurrent=1)).rejected == 1


def test_who_was_refused_is_taken_to_need_what_others_need() -> None:
    refused = SlotCall(1.0, 0.0, 0.0, "", False)
    calls = [inside(0.0, 3.0), refused, inside(3.5, 0.1)]
    replay = replay_bulkhead(calls, BulkheadConfig(max_concurrent=2))
    assert (replay.rejected, replay.unknown, replay.peak) == (0, 1, 2)


def test_a_dry_run_says_what_it_rests_on() -> None:
    config = RateLimitConfig(limit=1, window=60, dimensions=(Dimension("user"),))
    found = dry_run(
        Kind.RATE_LIMIT,
        "thing",
        reading(said(90.0), said(91.0), LimitedCall(92.0, (1, 9, None), 1, False)),
        config,
        RateLimitConfig(limit=2, window=60, dimensions=(Dimension("user"),)),
    )
    assert (found.calls, found.seconds, found.workers) == (3, 10.0, 1)
    assert (found.candidate.rejected, found.in_force.rejected, found.really_rejected) == (2, 1, 1)
    assert found.caveats == (Caveat.SHORTER_THAN_WINDOW,)
    nothing = dry_run(Kind.RATE_LIMIT, "thing", reading(fleet=False), config, config)
    assert nothing.caveats == (Caveat.NO_TRAFFIC, Caveat.THIS_WORKER_ONLY)


def test_what_was_not_recorded_is_not_guessed() -> None:
    by_user = BulkheadConfig(strategy=BulkheadStrategy.USER)
    with pytest.raises(ValidationFailed) as refused:
        dry_run(Kind.BULKHEAD, "thing", reading(inside(0.0, 1.0)), by_user, BulkheadConfig())
    assert list(refused.value.errors) == ["strategy"]
