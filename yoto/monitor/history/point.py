"""All records of one stretch of time, over all workers."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..recording import Distribution, Series
from .batch import Counters, Gauges, Histograms


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

    def add(self, counters: Counters, gauges: Gauges, histograms: Histograms) -> None:
        """Add the records of one process."""
        for about, added in counters.items():
            self.counters[about] = self.counters.get(about, 0) + added
        for about, value in gauges.items():
            self.gauges.setdefault(about, Readings()).add(value)
        for about, found in histograms.items():
            self.histograms.setdefault(about, Distribution()).merge(found)

    def merge(self, other: Point) -> None:
        """Add the records of another stretch of time; ``at`` and ``seconds`` stay."""
        for about, added in other.counters.items():
            self.counters[about] = self.counters.get(about, 0) + added
        for about, level in other.gauges.items():
            self.gauges.setdefault(about, Readings()).merge(level)
        for about, found in other.histograms.items():
            self.histograms.setdefault(about, Distribution()).merge(found)

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
