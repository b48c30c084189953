"""Admissions of a twin while its limit, window or burst is changed live."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.live_limits import MICRO, NEARLY, Admission, Change, pauses, quotas, too_many
from yoto.resilience.algorithms import Quota, algorithm_names, find_algorithm

steps = st.lists(st.tuples(pauses, st.one_of(quotas, st.integers(1, 12))), max_size=50)


@pytest.mark.parametrize("algorithm", algorithm_names())
@given(quotas, steps)
# Units used long before a faster rate did not drain at it.
@example(Quota(10, 60.0, 10), [(1, 10), (1_000_003, Quota(60, 2.0, 10)), (1, 10)])
@example(Quota(10, 2.0, 10), [(1, 10), (1_000_003, Quota(10, 60.0, 10)), (6_000_037, 10)])
def test_no_change_admits_more_than_the_limits_in_force(
    algorithm: str, quota: Quota, steps: list[tuple[int, Quota | int]]
) -> None:
    meter = find_algorithm(algorithm).meter(0.0)
    changes, log, at = [Change(0, quota)], list[Admission](), 0
    for pause, what in steps:
        at += pause
        now = at / MICRO
        if isinstance(what, Quota):
            meter.charge(now, 0, quota)
            meter.charge(now, 0, what)
            quota = what
            changes.append(Change(at, quota))
        elif meter.wait(now, what, quota) == 0:
            meter.charge(now, what, quota)
            log.append(Admission(at, what))
    assert too_many(algorithm, changes, log) <= NEARLY
