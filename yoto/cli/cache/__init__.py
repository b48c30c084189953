"""``flask cache``: inspect cached verdicts, invalidate them, and load hot ones."""

from yoto.cli.cache import invalidating, warming
from yoto.cli.cache.group import cache

__all__ = ["cache", "invalidating", "warming"]
