"""What is asked for most: time-decayed counts in Redis, gathered in each process."""

from app.core.optimization.hot.counts import HotCounts
from app.core.optimization.hot.gathering import Pair
from app.core.optimization.hot.settings import HotSettings
from app.core.optimization.hot.stats import HotStats
from app.core.optimization.hot.store import HotPair, HotRole

__all__ = ["HotCounts", "HotPair", "HotRole", "HotSettings", "HotStats", "Pair"]
