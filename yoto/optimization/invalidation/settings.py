"""Settings of the invalidation queue: thresholds, pace, and how far ahead it looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoto.settings import Configured, of


class Strategy(StrEnum):
    """How queued items become entries of the log.

    ``conservative`` publishes single subjects, so many a second. ``auto`` publishes one covering
    subject in place of many single ones and paces the rest. ``aggressive`` covers whatever can be
    covered, paces nothing, and in place of too many subjects publishes that everything changed.
    """

    CONSERVATIVE = "conservative"
    AUTO = "auto"
    AGGRESSIVE = "aggressive"


# In place of a strategy: the analysis chooses one.
BY_ANALYSIS = "by_analysis"


@dataclass(frozen=True, slots=True)
class InvalidationSettings(Configured):
    """Settings of the queue and of scheduled invalidations; times in seconds.

    Attributes:
        strategy: a fixed one, or ``by_analysis``.
        attention, warning, critical: a queue of more items than this is that serious.
        pace: single items a second that ``conservative`` and ``auto`` publish.
        merge_above: ``auto`` covers more items than this that one subject covers; any strategy does
            so for items that are due at the same time.
        global_above: in place of more subjects than this ``aggressive`` publishes ``global``.
        max_delay: an item that waits longer is published whatever the pace.
        interval: between two looks at a queue that no caller here has put anything into.
        boundary_interval: between two searches of the database for scheduled boundaries.
        boundary_horizon: how far ahead; more than two intervals, so that nothing is late.
        boundary_margin: after a moment until it is published, since clocks differ.
        boundary_fallback: how far back the first search goes when no earlier one is known.
    """

    strategy: str = of("INVALIDATION_STRATEGY")
    attention: int = of("INVALIDATION_ATTENTION")
    warning: int = of("INVALIDATION_WARNING")
    critical: int = of("INVALIDATION_CRITICAL")
    pace: int = of("INVALIDATION_PACE")
    merge_above: int = of("INVALIDATION_MERGE_ABOVE")
    global_above: int = of("INVALIDATION_GLOBAL_ABOVE")
    max_delay: float = of("INVALIDATION_MAX_DELAY")
    interval: float = of("INVALIDATION_INTERVAL")
    boundary_interval: float = of("INVALIDATION_BOUNDARY_INTERVAL")
    boundary_horizon: float = of("INVALIDATION_BOUNDARY_HORIZON")
    boundary_margin: float = of("INVALIDATION_BOUNDARY_MARGIN")
    boundary_fallback: float = of("INVALIDATION_BOUNDARY_FALLBACK")

    @property
    def fixed_strategy(self) -> Strategy | None:
        """The fixed strategy; None: the analysis chooses."""
        return None if self.strategy == BY_ANALYSIS else Strategy(self.strategy)
