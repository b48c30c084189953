"""Whether what was let in is more than a limit allows, for certain.

A caller was let in between two moments: before it asked and after it heard the answer. A process
may have been stopped in between, so each use is counted only where it must have been.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from yoto.resilience.algorithms import Quota

# s by which readings of one machine's clock by two processes, and the server's, may differ.
TOLERANCE = 0.002


class Use(NamedTuple):
    """Between which moments somebody was let in, s since 1970."""

    asked: float
    heard: float


class Stay(NamedTuple):
    """From when until when somebody was inside, s."""

    began: float
    ended: float


def most_over(
    algorithm: str, quota: Quota, uses: Sequence[Use], starts: Sequence[float] = ()
) -> float:
    """The most units above what the limit allows, in the sense of its algorithm; 0: none.

    Args:
        starts: where windows began, of an algorithm that has some.
    """
    match algorithm:
        case "token_bucket" | "leaky_bucket":
            return _over_bucket(quota, uses)
        case "sliding_log":
            return _over_log(quota, uses)
        case "fixed_window":
            return _over_windows(quota, uses, starts, fades=False)
        case "sliding_window":
            return _over_windows(quota, uses, starts, fades=True)


def most_inside(stays: Sequence[Stay]) -> int:
    """The largest number inside at one moment."""
    # An exit at the moment of another's entry makes room for it.
    turns = sorted([(stay.began, 1) for stay in stays] + [(stay.ended, -1) for stay in stays])
    inside = most = 0
    for _, turn in turns:
        inside += turn
        most = max(most, inside)
    return most


def _over_log(quota: Quota, uses: Sequence[Use]) -> float:
    """At most the limit in any window's length."""
    over, gone = 0, 0
    asked = sorted(use.asked for use in uses)
    # Those who heard by a moment and did not ask before the window: all who heard by then, less
    # those who asked before it, which is never too many.
    for count, heard in enumerate(sorted(use.heard for use in uses), 1):
        start = heard - quota.window + TOLERANCE
        while gone < len(asked) and asked[gone] < start:
            gone += 1
        over = max(over, count - gone - quota.limit)
    return over


def _over_bucket(quota: Quota, uses: Sequence[Use]) -> float:
    """At most a full bucket and what drains, in any time."""
    level = at = over = 0.0
    slack = TOLERANCE / quota.interval
    # A use that may have been at several moments says nothing of the level at any.
    for moment in sorted(use.heard for use in uses if use.heard - use.asked < TOLERANCE):
        level = max(0.0, level - (moment - at) / quota.interval) + 1
        at = moment
        over = max(over, level - quota.capacity - slack)
    return over if over >= 1 else 0.0


def _over_windows(quota: Quota, uses: Sequence[Use], starts: Sequence[float], fades: bool) -> float:
    """At most the limit in each window, with what is left of the one before if that fades."""
    over = before = 0.0
    ordered = sorted(uses, key=lambda use: use.heard)
    previous = None
    for start, following in pairwise([*starts, float("inf")]):
        end = min(start + quota.window, following)
        inside = [
            use.heard
            for use in ordered
            if use.asked >= start + TOLERANCE and use.heard <= end - TOLERANCE
        ]
        if previous is None or abs(previous + quota.window - start) > TOLERANCE:
            before = 0.0
        for count, heard in enumerate(inside, 1):
            weight = 1 - (heard + TOLERANCE - start) / quota.window if fades else 0.0
            over = max(over, count + weight * before - quota.limit)
        before, previous = float(len(inside)), start
    return over if over >= 1 else 0.0
