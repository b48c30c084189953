"""``flask cache``: inspect cached verdicts, and invalidate them."""

from yoto.cli.cache import invalidating
from yoto.cli.cache.group import cache

__all__ = ["cache", "invalidating"]
