"""What is asked for most: time-decayed counts in Redis, gathered in each process."""

from yoto.optimization.hot.counts import HotCounts
from yoto.optimization.hot.gathering import Pair
from yoto.optimization.hot.settings import HotSettings
from yoto.optimization.hot.stats import HotStats
from yoto.optimization.hot.store import HotPair, HotRole

__all__ = ["HotCounts", "HotPair", "HotRole", "HotSettings", "HotStats", "Pair"]
