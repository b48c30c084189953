"""Logarithmic buckets: where a value is counted. Pure.

Neighbouring bounds differ by the fourth root of two, so a quantile read from the counts is at most
19 % beside the true one, whatever the values are (the idea of HdrHistogram and of Prometheus's
native histograms, schema 2).
"""

from __future__ import annotations

from bisect import bisect_left

# s, some microsecond: what is faster is not worth telling apart. A power of two, so that a second,
# its halves and its doubles are bounds, to which thresholds can be set without rounding.
SMALLEST = 2.0**-20
PER_OCTAVE = 4
OCTAVES = 30  # up to 1,024 s; no call takes longer and is still waited for

# Upper bounds in seconds. A value that equals a bound belongs to that bucket.
BOUNDS = tuple(SMALLEST * 2 ** (step / PER_OCTAVE) for step in range(OCTAVES * PER_OCTAVE + 1))
BEYOND = len(BOUNDS)


def place(value: float) -> int:
    """Number of the bucket of ``value`` in seconds; ``BEYOND`` above the last bound."""
    return bisect_left(BOUNDS, value)


def lower_bound(number: int) -> float:
    """Seconds above which the bucket begins."""
    return BOUNDS[number - 1] if number else 0.0


def upper_bound(number: int) -> float:
    """Seconds up to which the bucket goes; for the one beyond all, where it begins."""
    return BOUNDS[min(number, BEYOND - 1)]
