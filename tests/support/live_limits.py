"""Admissions by a limit that is changed live, judged by their times alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from yoto.resilience.algorithms import Quota

MICRO = 1_000_000
NEARLY = 1e-3  # units: sums of fractions, and times to the microsecond
# The bound of an algorithm that counts in windows, in limits.
FACTORS = {"sliding_log": 1, "fixed_window": 2, "sliding_window": 2}
BUCKETS = ("token_bucket", "leaky_bucket")

quotas = st.builds(
    Quota,
    st.sampled_from([1, 3, 10, 60]),
    st.sampled_from([0.5, 2.0, 7.0, 60.0]),
    st.sampled_from([1, 4, 10, 30]),
)
# µs. No two steps are at once.
pauses = st.sampled_from([1, 7_001, 90_007, 300_017, 1_000_003, 2_100_011, 6_000_037, 61_000_033])


class Admission(NamedTuple):
    """Units that passed, at a moment in µs."""

    at: int
    units: int


class Change(NamedTuple):
    """The limit in force from a moment in µs on."""

    at: int
    quota: Quota


def too_many(algorithm: str, changes: Sequence[Change], log: Sequence[Admission]) -> float:
    """Units above what the limits allow, at the worst; ``changes`` begins with the first limit.

    A bucket admits in any time the largest burst in force then, and the rate in force, summed
    over it. A window admits the largest limit in force (twice that, where two counters are all
    that is known) of units that count; each counts for the longest window that was in force
    meanwhile.
    """
    judge = _bucket if algorithm in BUCKETS else _window
    return judge(FACTORS.get(algorithm, 1), changes, sorted(log))


def _in_force(changes: Sequence[Change], begin: int, end: int) -> list[tuple[int, int, Quota]]:
    """The limits from one moment to another, with their times."""
    ends = [change.at for change in changes[1:]] + [max(end, changes[-1].at) + 1]
    return [
        (max(change.at, begin), min(until, end), change.quota)
        for change, until in zip(changes, ends, strict=True)
        if until > begin and change.at <= end
    ]


def _bucket(_: int, changes: Sequence[Change], log: Sequence[Admission]) -> float:
    worst = 0.0
    for first, begin in enumerate(log):
        units = 0
        for admission in log[first:]:
            units += admission.units
            parts = _in_force(changes, begin.at, admission.at)
            drained = sum((b - a) / MICRO / quota.interval for a, b, quota in parts if b > a)
            worst = max(worst, units - drained - max(quota.capacity for _, _, quota in parts))
    return worst


def _window(factor: int, changes: Sequence[Change], log: Sequence[Admission]) -> float:
    worst = 0.0
    for last, admission in enumerate(log):
        counted = [
            one for one in log[: last + 1] if _leaves(changes, one.at, admission.at) > admission.at
        ]
        parts = _in_force(changes, counted[0].at, admission.at)
        most = factor * max(quota.limit for _, _, quota in parts)
        worst = max(worst, sum(one.units for one in counted) - most)
    return worst


def _leaves(changes: Sequence[Change], at: int, seen: int) -> float:
    """When a unit counts no more, as far as the limits until ``seen`` say."""
    leaves = 0.0
    for begin, _, quota in _in_force(changes, at, seen):
        if begin == at or leaves > begin:
            # A microsecond less: a window ends to the microsecond.
            leaves = max(leaves, at + quota.window * MICRO - 1)
    return leaves
