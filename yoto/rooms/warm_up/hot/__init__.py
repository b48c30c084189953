"""Hot data: time-decayed counts of requests in Redis, gathered in each process."""

from yoto.rooms.warm_up.hot.counts import HotCounts
from yoto.rooms.warm_up.hot.gathering import Pair

__all__ = [
    "HotCounts",
    "Pair",
]
