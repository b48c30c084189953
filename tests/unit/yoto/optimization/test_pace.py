"""The rule by which the times of a lock follow from how fast Redis answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.optimization.lock import pace as module
from yoto.optimization.lock import timing
from yoto.optimization.lock.pace import Pace, RenewalPacer

ROUND_TRIPS = st.none() | st.floats(1e-6, 100.0)
LEASES = st.floats(timing.MIN_LEASE, timing.MAX_LEASE)


def test_where_redis_is_fast_everything_is_as_the_guide_says() -> None:
    for fast in (None, 0.0001, 0.01):
        pace = Pace.of(fast)
        assert (pace.lease, pace.wait) == (10.0, 5.0)
        assert (pace.first_poll, pace.longest_poll, pace.patience) == pytest.approx(
            (0.02, 0.2, 0.5)
        )
        assert pace.renew_after(10.0) == pytest.approx(10 / 3)


def test_where_redis_is_slow_everything_takes_its_time() -> None:
    pace = Pace.of(0.2)
    assert (pace.lease, pace.wait) == pytest.approx((20.0, 10.0))
    assert (pace.longest_poll, pace.patience) == pytest.approx((1.0, 2.5))
    # Twenty slow round trips fit between the first renewal and the end.
    assert pace.renew_after(6.0) == pytest.approx(5.4 - 4.0)


@given(ROUND_TRIPS)
def test_the_defaults_are_within_their_limits(round_trip: float | None) -> None:
    pace = Pace.of(round_trip)
    assert module.MIN_DEFAULT_LEASE <= pace.lease <= module.MAX_DEFAULT_LEASE
    assert module.MIN_POLL <= pace.longest_poll <= module.MAX_POLL
    timing.check_times(pace.lease, pace.wait)


@given(st.floats(1e-6, 100.0), st.floats(1e-6, 100.0))
def test_a_slower_redis_never_makes_a_lock_more_hasty(one: float, other: float) -> None:
    fast, slow = Pace.of(min(one, other)), Pace.of(max(one, other))
    assert fast.lease <= slow.lease
    assert fast.longest_poll <= slow.longest_poll
    assert fast.renew_after(30.0) >= slow.renew_after(30.0)


@given(ROUND_TRIPS)
def test_a_waiter_asks_twice_and_is_answered_before_it_is_taken_for_gone(
    round_trip: float | None,
) -> None:
    pace = Pace.of(round_trip)
    answers = min(round_trip or 0.0, module.MAX_POLL / module.POLL_TRIPS)
    assert pace.patience > 2 * (pace.longest_poll + answers)
    # Beyond what the queue's script takes for a clock that was set back.
    assert pace.patience < 5.0


@given(ROUND_TRIPS, LEASES)
def test_two_renewals_may_fail_before_a_lease_is_given_up(
    round_trip: float | None, lease: float
) -> None:
    first = Pace.of(round_trip).renew_after(lease)
    assert lease / 10 <= first <= lease / 3
    assert first + 2 * lease * timing.RETRY_SHARE < timing.safe_time(lease) < lease


def test_a_process_measures_its_own_round_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    pacemaker = RenewalPacer()
    pacemaker._latency._origin = now[0]
    assert pacemaker.pace() == Pace.of(None)
    for _ in range(100):
        pacemaker.note(sent=now[0] - 0.3)
    assert pacemaker.pace().round_trip is None, "worked out once a second"
    now[0] += module.REVIEW
    round_trip = pacemaker.pace().round_trip
    assert round_trip is not None and 0.3 <= round_trip < 0.36
    assert pacemaker.pace().lease > 29
    now[0] += 600
    assert pacemaker.pace() == Pace.of(None), "what was long ago is not known any more"
