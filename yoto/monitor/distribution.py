"""Distributions of values: the contents, sums and quantiles of a histogram. Pure.

Buckets are logarithmic: neighbouring bounds differ by the fourth root of two, so a quantile read
from the counts is at most 19 % beside the true one, whatever the values are (the idea of
HdrHistogram and of Prometheus's native histograms, schema 2).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Self

# s, some microsecond: shorter times need not be distinguished. A power of two, so that a second,
# its halves and its doubles are bounds, to which thresholds can be set without rounding.
SMALLEST = 2.0**-20
PER_OCTAVE = 4
OCTAVES = 30  # up to 1,024 s; every longer call has timed out

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
    """Upper bound of the bucket in seconds; for the last one, beyond all, its lower bound."""
    return BOUNDS[min(number, BEYOND - 1)]


@dataclass(slots=True)
class Distribution:
    """Counts by bucket.

    Attributes:
        counts: number of values by bucket number; without empty buckets.
        total: the sum of all values, in seconds.
    """

    counts: dict[int, int] = field(default_factory=dict)
    total: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The distribution of ``values`` in seconds; values that are not finite are left out."""
        made = cls()
        made.add_all(values)
        return made

    @classmethod
    def of_counts(cls, counts: Iterable[tuple[float, int]], total: float) -> Self:
        """A distribution from another system's buckets: upper bounds in seconds with the number of
        values in each bucket, and the sum of all values."""
        made = cls(total=total)
        for bound, count in counts:
            if count:
                number = place(bound)
                made.counts[number] = made.counts.get(number, 0) + count
        return made

    @property
    def count(self) -> int:
        """The number of values."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """Seconds; None without values."""
        count = self.count
        return self.total / count if count else None

    def add_all(self, values: Iterable[float]) -> None:
        """Count ``values``."""
        counts = self.counts
        for value in values:
            if isfinite(value):
                number = place(value)
                counts[number] = counts.get(number, 0) + 1
                self.total += value

    def merge(self, other: Distribution) -> None:
        """Add the values of ``other``."""
        counts = self.counts
        for number, count in other.counts.items():
            counts[number] = counts.get(number, 0) + count
        self.total += other.total

    def since(self, earlier: Distribution) -> Distribution:
        """The values added since ``earlier``, a previous state; all of them, if this began anew."""
        rest = {
            number: count - earlier.counts.get(number, 0) for number, count in self.counts.items()
        }
        gone = any(number not in self.counts for number in earlier.counts)
        if gone or any(count < 0 for count in rest.values()):
            return self.copy()
        kept = {number: count for number, count in rest.items() if count}
        return Distribution(kept, self.total - earlier.total)

    def copy(self) -> Distribution:
        """A copy."""
        return Distribution(dict(self.counts), self.total)

    def quantile(self, share: float) -> float | None:
        """Seconds that ``share`` (0 to 1) of the values do not exceed; None without values.

        Values within a bucket count as spread evenly; beyond the last bound the result is that
        bound.
        """
        return quantile(self.counts, share)


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """See ``Distribution.quantile``."""
    wanted = share * sum(counts.values())
    below = 0
    found: float | None = None
    for number in sorted(counts):
        count = counts[number]
        if count <= 0:
            continue
        low, high = lower_bound(number), upper_bound(number)
        if below + count >= wanted:
            return low + (high - low) * max(0.0, wanted - below) / count
        below += count
        found = high
    return found
