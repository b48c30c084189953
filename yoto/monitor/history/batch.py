"""The records of one process between two flushes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ..recording import Distribution, Series

Counters: TypeAlias = Mapping[Series, float]
Gauges: TypeAlias = Mapping[Series, float]
Histograms: TypeAlias = Mapping[Series, Distribution]


@dataclass(slots=True)
class Batch:
    """Additions to counters and histograms, and the last values of gauges."""

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
