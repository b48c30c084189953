"""Hot data: time-decayed counts of requests in Redis, gathered in each process."""

from yoto.optimization.hot.counts import HotCounts
from yoto.optimization.hot.gathering import Pair
from yoto.optimization.hot.settings import HotSettings

__all__ = [
    "HotCounts",
    "HotSettings",
    "Pair",
]
