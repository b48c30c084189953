"""Settings of the watch for moments known ahead."""

from __future__ import annotations

from dataclasses import dataclass

from yoto.settings import Configured, of


@dataclass(frozen=True, slots=True)
class BoundarySettings(Configured):
    """Settings of the watch; times in seconds.

    Attributes:
        interval: between two looks at the database.
        horizon: how far ahead a look goes; more than two intervals, so that nothing is late.
        margin: after a moment until it is published, since clocks differ.
        fallback: how far back the first look goes when no earlier one is known.
    """

    interval: float = of("INVALIDATION_BOUNDARY_INTERVAL")
    horizon: float = of("INVALIDATION_BOUNDARY_HORIZON")
    margin: float = of("INVALIDATION_BOUNDARY_MARGIN")
    fallback: float = of("INVALIDATION_BOUNDARY_FALLBACK")
