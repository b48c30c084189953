"""The caller that the guards of a decorated function count a call for."""

from __future__ import annotations

from yoto.errors import RateLimited

from ..bulkhead import Bulkhead, partition_of
from ..controller import ResilienceController
from ..limiter import DimensionStatus, Key, RateLimiter
from ..settings import BulkheadStrategy, MultiDimensionalKey
from ..subject import caller, counted_caller, request_type
from .call import Call
from .keys import KeyOf


def limiter_key(controller: ResilienceController, limiter: RateLimiter, key: Key) -> Key:
    """The key that the code gave, or else the caller."""
    return counted_caller(controller.subject, limiter.plan.config) if key is None else key


def bulkhead_partition(
    controller: ResilienceController, bulkhead: Bulkhead, key_of: KeyOf, call: Call
) -> str:
    """The partition of a call, by the configured strategy."""
    strategy = bulkhead.get_config().strategy
    if strategy is BulkheadStrategy.NAME:
        return ""
    if strategy is BulkheadStrategy.REQUEST_TYPE:
        return partition_of(strategy, None, request_type(call.fn.__qualname__))
    key = key_of(call)
    if key is None:
        key = caller(controller.subject)
    elif not isinstance(key, MultiDimensionalKey):
        key = MultiDimensionalKey(user_id=key, server_id=key)
    return partition_of(strategy, key)


def refused_status(limiter: RateLimiter, error: RateLimited) -> DimensionStatus:
    """The dimension that refused, as the headers show it."""
    return DimensionStatus(
        name=error.dimension,
        limit=error.limit,
        window=limiter.plan.window_of(error.dimension),
        remaining=error.remaining,
        reset_after=error.reset,
        retry_after=error.retry_after,
    )
