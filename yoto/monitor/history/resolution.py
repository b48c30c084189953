"""Resolutions of time, and how long the points of each are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600


@dataclass(frozen=True, slots=True)
class Resolution:
    """Points of ``seconds`` each, kept for ``keep`` seconds after they ended."""

    seconds: int
    keep: int

    def number(self, at: float) -> int:
        """Number of the point that the epoch second ``at`` falls into."""
        return int(at // self.seconds)

    def keeping(self, seconds: int) -> Resolution:
        """The same resolution, kept for another time."""
        return replace(self, keep=seconds)

    @property
    def most(self) -> int:
        """The largest number of points at a time."""
        return self.keep // self.seconds + 1


FINE = Resolution(1, 10 * MINUTE)
MIDDLE = Resolution(10, 6 * HOUR)
COARSE = Resolution(MINUTE, 7 * DAY)
RESOLUTIONS = (FINE, MIDDLE, COARSE)
