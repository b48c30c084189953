"""The times of a lock: by its lease, and by the latency of Redis, a percentile that forgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import ValidationFailed
from yoto.optimization.lock import timing
from yoto.optimization.lock.timing import (
    HALF_LIFE,
    MIN_WEIGHT,
    DecayingLatency,
    LockTimes,
    MeasuredTimes,
)

ROUND_TRIPS = st.none() | st.floats(1e-6, 100.0)
LEASES = st.floats(timing.MIN_LEASE, timing.MAX_LEASE)


@pytest.fixture(autouse=True, scope="module")
def begins_at_zero() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "monotonic", lambda: 0.0)
        yield


@pytest.mark.parametrize(
    ("timeout", "wait", "field"),
    [
        (0, 1, "timeout"),
        (-1, 1, "timeout"),
        (0.001, 1, "timeout"),
        (1e9, 1, "timeout"),
        (float("nan"), 1, "timeout"),
        (1, -0.1, "wait"),
        (1, float("inf"), "wait"),
        (1, float("nan"), "wait"),
    ],
)
def test_times_without_sense_are_refused_by_name(timeout: float, wait: float, field: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        timing.check_times(timeout, wait)
    assert list(failed.value.errors) == [field]


def test_the_fence_outlives_the_lock() -> None:
    assert timing.fence_ttl(0.01) >= 60
    assert timing.fence_ttl(3_600) > 3_600


@given(st.floats(timing.MIN_LEASE, timing.MAX_LEASE))
def test_a_lock_counts_as_lost_well_before_its_lease_ends(lease: float) -> None:
    margin = lease - timing.safe_time(lease)
    assert lease * 0.0999 < margin < lease * 0.4001
    assert margin >= min(0.0499, lease * 0.3999)


@pytest.mark.parametrize(
    ("replicas", "wait", "field"),
    [
        (-1, None, "replicas"),
        (17, None, "replicas"),
        (1, 0.0, "replica_wait"),
        (1, 0.11, "replica_wait"),
        (1, float("nan"), "replica_wait"),
    ],
)
def test_a_wait_for_replicas_must_end_before_the_time_out_of_the_socket(
    replicas: int, wait: float | None, field: str
) -> None:
    with pytest.raises(ValidationFailed) as failed:
        timing.check_replicas(replicas, wait, socket_timeout=0.25)
    assert list(failed.value.errors) == [field]


def test_without_a_word_replicas_have_as_long_as_the_socket_allows() -> None:
    assert timing.check_replicas(1, None, socket_timeout=2.0) == pytest.approx(0.8)
    assert timing.check_replicas(1, 0.05, socket_timeout=2.0) == 0.05


def test_where_redis_is_fast_everything_is_as_the_guide_says() -> None:
    for fast in (None, 0.0001, 0.01):
        times = LockTimes.of(fast)
        assert (times.lease, times.wait) == (10.0, 5.0)
        assert (times.first_poll, times.longest_poll, times.patience) == pytest.approx(
            (0.02, 0.2, 0.5)
        )
        assert times.renew_after(10.0) == pytest.approx(10 / 3)


def test_where_redis_is_slow_everything_takes_its_time() -> None:
    times = LockTimes.of(0.2)
    assert (times.lease, times.wait) == pytest.approx((20.0, 10.0))
    assert (times.longest_poll, times.patience) == pytest.approx((1.0, 2.5))
    # Twenty slow round trips fit between the first renewal and the end.
    assert times.renew_after(6.0) == pytest.approx(5.4 - 4.0)


@given(ROUND_TRIPS)
def test_the_defaults_are_within_their_limits(round_trip: float | None) -> None:
    times = LockTimes.of(round_trip)
    assert timing.MIN_DEFAULT_LEASE <= times.lease <= timing.MAX_DEFAULT_LEASE
    assert timing.MIN_POLL <= times.longest_poll <= timing.MAX_POLL
    timing.check_times(times.lease, times.wait)


@given(st.floats(1e-6, 100.0), st.floats(1e-6, 100.0))
def test_a_slower_redis_never_makes_a_lock_more_hasty(one: float, other: float) -> None:
    fast, slow = LockTimes.of(min(one, other)), LockTimes.of(max(one, other))
    assert fast.lease <= slow.lease
    assert fast.longest_poll <= slow.longest_poll
    assert fast.renew_after(30.0) >= slow.renew_after(30.0)


@given(ROUND_TRIPS)
def test_a_waiter_asks_twice_and_is_answered_before_it_is_taken_for_gone(
    round_trip: float | None,
) -> None:
    times = LockTimes.of(round_trip)
    answers = min(round_trip or 0.0, timing.MAX_POLL / timing.POLL_TRIPS)
    assert times.patience > 2 * (times.longest_poll + answers)
    # Beyond what the queue's script takes for a clock that was set back.
    assert times.patience < 5.0


@given(ROUND_TRIPS, LEASES)
def test_two_renewals_may_fail_before_a_lease_is_given_up(
    round_trip: float | None, lease: float
) -> None:
    first = LockTimes.of(round_trip).renew_after(lease)
    assert lease / 10 <= first <= lease / 3
    assert first + 2 * lease * timing.RETRY_SHARE < timing.safe_time(lease) < lease


def test_a_process_measures_its_own_round_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(timing, "monotonic", lambda: now[0])
    times = MeasuredTimes()
    times._latency._origin = now[0]
    assert times.current() == LockTimes.of(None)
    for _ in range(100):
        times.note(sent=now[0] - 0.3)
    assert times.current().round_trip is None, "worked out once a second"
    now[0] += timing.REVIEW
    round_trip = times.current().round_trip
    assert round_trip is not None and 0.3 <= round_trip < 0.36
    assert times.current().lease > 29
    now[0] += 600
    assert times.current() == LockTimes.of(None), "what was long ago is not known any more"


@given(st.lists(st.floats(16e-6, 30.0), min_size=20, max_size=200), st.floats(0.01, 1.0))
def test_it_is_within_a_fifth_of_the_true_percentile(seconds: list[float], share: float) -> None:
    latency = DecayingLatency()
    for one in seconds:
        latency.note(one, now=0.0)
    found = latency.percentile(share, now=0.0)
    # Adding up shares of many samples may fall just beside a whole one.
    wanted = len(seconds) * share
    nearby = [
        sorted(seconds)[min(len(seconds), max(1, round(wanted + off))) - 1] for off in (-1, 1)
    ]
    assert found is not None
    assert nearby[0] * 0.999 <= found <= nearby[1] * 1.2


def test_too_few_samples_tell_nothing() -> None:
    latency = DecayingLatency()
    for _ in range(int(MIN_WEIGHT) - 1):
        latency.note(0.001, now=0.0)
    assert latency.percentile(0.99, now=0.0) is None
    latency.note(0.001, now=0.0)
    assert latency.percentile(0.99, now=0.0) is not None
    assert latency.percentile(0.99, now=1.0) is None


def test_what_is_old_counts_half_after_each_half_life() -> None:
    latency = DecayingLatency()
    for _ in range(100):
        latency.note(1.0, now=0.0)
    assert latency.weight(now=2 * HALF_LIFE) == pytest.approx(25.0)
    for _ in range(300):
        latency.note(0.001, now=3 * HALF_LIFE)
    slow, fast = latency.percentile(0.99, 3 * HALF_LIFE), latency.percentile(0.9, 3 * HALF_LIFE)
    assert slow is not None and fast is not None
    assert fast < 0.002 < 1.0 < slow


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30))
def test_no_age_is_too_great(pauses: list[float]) -> None:
    latency = DecayingLatency()
    now = 0.0
    for pause in pauses:
        now += pause
        for _ in range(30):
            latency.note(0.01, now)
        found = latency.percentile(0.99, now)
        assert found is not None and 0.01 <= found < 0.012


def test_what_is_shorter_or_longer_than_all_buckets_counts_too() -> None:
    latency = DecayingLatency()
    for seconds in [0.0] * 20 + [1e6] * 20:
        latency.note(seconds, now=0.0)
    assert latency.weight(now=0.0) == 40
