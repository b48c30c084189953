"""``flask cache``: look at cached verdicts, throw them away, and bring the hot ones in."""

from yoto.cli.cache import invalidating, warming
from yoto.cli.cache.group import cache

__all__ = ["cache", "invalidating", "warming"]
