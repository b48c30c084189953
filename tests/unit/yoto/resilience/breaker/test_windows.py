from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from yoto.resilience.breaker.windows import BUCKETS, CountWindow, TimeWindow

outcomes = st.tuples(st.booleans(), st.booleans())


@given(st.lists(outcomes, max_size=60), st.integers(1, 20))
def test_a_count_window_holds_the_last_calls(calls: Sequence[tuple[bool, bool]], size: int) -> None:
    window = CountWindow(size)
    for failed, slow in calls:
        window.add(0.0, failed, slow)
    last = calls[-size:]
    assert window.counts(0.0) == (
        len(last),
        sum(failed for failed, _ in last),
        sum(slow for _, slow in last),
    )


@given(st.lists(st.tuples(st.integers(0, 3_000), outcomes), max_size=60), st.integers(1, 20))
def test_a_time_window_forgets_within_its_last_tenth(
    calls: Sequence[tuple[int, tuple[bool, bool]]], size: int
) -> None:
    window = TimeWindow(size)
    now, log = 0.0, []
    for pause, (failed, slow) in calls:
        now += pause / 1000
        window.add(now, failed, slow)
        log.append((now, failed))
    surely = [failed for at, failed in log if at > now - size * (1 - 1 / BUCKETS)]
    possibly = [failed for at, failed in log if at > now - size]
    counts = window.counts(now)
    assert len(surely) <= counts.calls <= len(possibly)
    assert sum(surely) <= counts.failures <= sum(possibly)


def test_old_failures_leave_a_time_window() -> None:
    window = TimeWindow(20)
    window.add(1.0, True, False)
    assert window.counts(19.0).failures == 1
    assert window.counts(21.1).failures == 0
