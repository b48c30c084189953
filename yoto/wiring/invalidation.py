"""Gives the invalidation queue its way up to the log."""

from __future__ import annotations

from yoto import cache as cache_layer
from yoto.cache import TieredCache
from yoto.optimization import LogAccess


def invalidation_log(cache: TieredCache) -> LogAccess:
    """The log of ``cache``, as the invalidation queue wants it."""
    subjects = cache_layer.subjects
    return LogAccess(
        publish=cache.invalidate,
        is_known=subjects.is_known,
        memory=subjects.memory,
        everything=subjects.GLOBAL,
    )
