from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import ValidationFailed
from yoto.optimization.lock import timing


@given(st.floats(timing.MIN_LEASE, timing.MAX_LEASE))
def test_a_lease_never_becomes_none(seconds: float) -> None:
    assert timing.milliseconds(seconds) >= 1
    assert abs(timing.milliseconds(seconds) - seconds * 1000) <= 0.5


def test_a_part_of_a_millisecond_is_one() -> None:
    assert timing.milliseconds(0.0001) == 1


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
