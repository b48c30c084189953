"""The five ways to count, as meters in memory."""

from __future__ import annotations

from collections.abc import Mapping

from ...settings import Algorithm
from .base import Meter
from .fixed_window import FixedWindow
from .leaky_bucket import LeakyBucket
from .sliding_log import SlidingLog
from .sliding_window import SlidingWindow
from .token_bucket import TokenBucket

METERS: Mapping[Algorithm, type[Meter]] = {
    Algorithm.TOKEN_BUCKET: TokenBucket,
    Algorithm.SLIDING_WINDOW: SlidingWindow,
    Algorithm.SLIDING_LOG: SlidingLog,
    Algorithm.FIXED_WINDOW: FixedWindow,
    Algorithm.LEAKY_BUCKET: LeakyBucket,
}


def meter_type(
    algorithm: Algorithm | str, meters: Mapping[Algorithm, type[Meter]] = METERS
) -> type[Meter]:
    """The meter of an algorithm.

    Raises:
        ValueError: no algorithm has this name.
        NotImplementedError: the algorithm is named but nobody wrote it.
    """
    member = Algorithm(algorithm)
    if member not in meters:
        raise NotImplementedError(f"the algorithm {member.value} has no meter")
    return meters[member]


__all__ = ["METERS", "Meter", "meter_type"]
