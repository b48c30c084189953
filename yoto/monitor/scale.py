"""The bad side of a limit, for health bands and alert thresholds."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Extent(NamedTuple):
    """The range of several readings at once, such as every worker's value of a gauge."""

    lowest: float
    highest: float


# None is unknown.
Value: TypeAlias = float | Extent | None


class Direction(StrEnum):
    """The side on which values are bad: ``low`` for a hit rate, ``high`` for a response time."""

    LOW = "low"
    HIGH = "high"

    def beyond(self, value: float, limit: float) -> bool:
        """Whether ``value`` is on the bad side; the limit itself is still good."""
        return value < limit if self is Direction.LOW else value > limit

    def worst(self, value: Value) -> float | None:
        """The part of ``value`` that counts: the bad end of an extent."""
        if isinstance(value, Extent):
            return value.lowest if self is Direction.LOW else value.highest
        return value

    def recovered(self, value: float, limit: float, margin: float) -> bool:
        """Whether ``value`` is on the good side by ``margin``, a share of the limit (0.05: 5 %)."""
        distance = abs(limit) * margin
        if self is Direction.LOW:
            return value >= limit + distance
        return value <= limit - distance

    def falls_from(self, better: float, worse: float) -> bool:
        """Whether ``worse`` lies further on the bad side than ``better``."""
        return self.beyond(worse, better)
