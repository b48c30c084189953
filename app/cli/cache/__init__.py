"""``flask cache``: look at cached verdicts, throw them away, and bring the hot ones in."""

from app.cli.cache import invalidating, warming
from app.cli.cache.group import cache

__all__ = ["cache", "invalidating", "warming"]
