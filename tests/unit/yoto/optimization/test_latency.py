"""A percentile of round trips that forgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.optimization.lock import latency as module
from yoto.optimization.lock.latency import HALF_LIFE, MIN_WEIGHT, DecayingLatency


@pytest.fixture(autouse=True, scope="module")
def begins_at_zero() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "monotonic", lambda: 0.0)
        yield


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
