"""Records by time: resolutions, the records of one process, and points over all. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .distribution import Distribution
from .series_names import Series

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


@dataclass(slots=True)
class Batch:
    """One process's additions to counters and histograms, and its gauges' last values."""

    counters: dict[Series, float] = field(default_factory=dict)
    gauges: dict[Series, float] = field(default_factory=dict)
    histograms: dict[Series, Distribution] = field(default_factory=dict)

    def count(self, about: Series, added: float) -> None:
        """Add to a counter."""
        if added:
            self.counters[about] = self.counters.get(about, 0) + added

    def distribution(self, about: Series, found: Distribution) -> None:
        """Add to a histogram."""
        known = self.histograms.get(about)
        if known is not None:
            known.merge(found)
        elif found.counts:
            self.histograms[about] = found.copy()

    def absorb(self, later: Batch) -> None:
        """Add the records made after this."""
        for about, added in later.counters.items():
            self.count(about, added)
        self.gauges.update(later.gauges)
        for about, found in later.histograms.items():
            self.distribution(about, found)


@dataclass(slots=True)
class Readings:
    """Values of a gauge: a reading for each flush of each process.

    Attributes:
        readings: number of readings.
        total: their sum; ``mean`` is the average value of one process.
        highest: the largest of them.
        lowest: the smallest; infinite if it was not kept.
    """

    readings: int = 0
    total: float = 0.0
    highest: float = float("-inf")
    lowest: float = float("inf")

    @property
    def mean(self) -> float:
        """The mean reading."""
        return self.total / self.readings

    def add(self, value: float) -> None:
        """Take a reading."""
        self.readings += 1
        self.total += value
        self.highest = max(self.highest, value)
        self.lowest = min(self.lowest, value)

    def merge(self, other: Readings) -> None:
        """Take the readings of another."""
        self.readings += other.readings
        self.total += other.total
        self.highest = max(self.highest, other.highest)
        self.lowest = min(self.lowest, other.lowest)


@dataclass(slots=True)
class Point:
    """One stretch of time.

    Attributes:
        at: epoch second at which it begins, by the clock of the store.
        seconds: its length.
        counters: additions.
        gauges: readings.
        histograms: observations.
    """

    at: int
    seconds: int
    counters: dict[Series, float] = field(default_factory=dict)
    gauges: dict[Series, Readings] = field(default_factory=dict)
    histograms: dict[Series, Distribution] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Add the records of one process."""
        for about, added in batch.counters.items():
            self.counters[about] = self.counters.get(about, 0) + added
        for about, value in batch.gauges.items():
            self.gauges.setdefault(about, Readings()).add(value)
        for about, found in batch.histograms.items():
            self.histograms.setdefault(about, Distribution()).merge(found)

    def merge(self, other: Point) -> None:
        """Add the records of another stretch of time; ``at`` and ``seconds`` stay."""
        for about, added in other.counters.items():
            self.counters[about] = self.counters.get(about, 0) + added
        for about, level in other.gauges.items():
            self.gauges.setdefault(about, Readings()).merge(level)
        for about, found in other.histograms.items():
            self.histograms.setdefault(about, Distribution()).merge(found)

    def copy(self) -> Point:
        """A copy."""
        made = Point(self.at, self.seconds)
        made.merge(self)
        return made

    def counted(self, name: str, /, **labels: str) -> float:
        """Sum of the counters of that name with at least these labels."""
        return sum(v for about, v in self.counters.items() if _is(about, name, labels))

    def level(self, name: str, /, **labels: str) -> Readings | None:
        """The same for gauges; None if there is none."""
        found = [v for about, v in self.gauges.items() if _is(about, name, labels)]
        if not found:
            return None
        whole = Readings()
        for one in found:
            whole.merge(one)
        return whole

    def distribution(self, name: str, /, **labels: str) -> Distribution:
        """The same for histograms; empty if there is none."""
        whole = Distribution()
        for about, found in self.histograms.items():
            if _is(about, name, labels):
                whole.merge(found)
        return whole


def _is(about: Series, name: str, labels: dict[str, str]) -> bool:
    return about.name == name and labels.items() <= dict(about.labels).items()
