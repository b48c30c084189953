"""Recommenders, one a file: each takes a fleet snapshot and returns suggestions."""

from __future__ import annotations

from ..snapshot import TuningSnapshot
from ..suggestion import Suggestion
from . import (
    bulkheads,
    cache_lives,
    cache_sizes,
    pool_sizes,
    queue_batches,
    rate_limits,
    redis_timeout,
)

RECOMMENDERS = (
    cache_sizes.advise,
    cache_lives.advise,
    queue_batches.advise,
    pool_sizes.advise,
    bulkheads.advise,
    rate_limits.advise,
    redis_timeout.advise,
)


def advise(snapshot: TuningSnapshot) -> list[Suggestion]:
    """The suggestions of all recommenders, the surest first; at most one for each setting."""
    found = [suggestion for recommender in RECOMMENDERS for suggestion in recommender(snapshot)]
    return sorted(found, key=lambda one: (-one.confidence, one.setting))
