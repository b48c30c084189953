"""The key that a decorated call is counted by."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from yoto.errors import RateLimited

from ..bulkhead import Bulkhead, partition_of
from ..controller import ResilienceController
from ..limiter import DimensionStatus, Key, RateLimiter
from ..settings import BulkheadStrategy, MultiDimensionalKey
from ..subject import caller, counted_caller, request_type
from .call import Call

# None: the caller. Text: one key that all share. A callable gives either, or the whole key.
KeyOption: TypeAlias = str | Callable[..., str | int | MultiDimensionalKey] | None
CostOption: TypeAlias = int | Callable[..., int]

_KEYS = (str, int, MultiDimensionalKey, type(None))


class Evaluated:
    """An option that is a value, or a function of the call's arguments.

    A function that takes no arguments is called without any; any other gets those of the decorated
    call.
    """

    def __init__(self, option: Any) -> None:
        self._option = option
        self._callable = callable(option)
        self._takes_arguments = self._callable and _takes_arguments(option)

    def __call__(self, call: Call) -> Any:
        if not self._callable:
            return self._option
        if self._takes_arguments:
            return self._option(*call.args, **call.kwargs)
        return self._option()


class KeyOf(Evaluated):
    """The key of a call; None when the caller is to be counted.

    Raises:
        TypeError: the function gave something that is no key.
    """

    def __call__(self, call: Call) -> Key:
        if self._option is None:
            return None
        key = super().__call__(call)
        if key is None:
            raise TypeError("the key function gave None; give a key, or leave key= out")
        if isinstance(key, bool) or not isinstance(key, _KEYS):
            raise TypeError(f"a key is text or a MultiDimensionalKey, not {key!r}")
        return key


def _takes_arguments(fn: Callable[..., Any]) -> bool:
    try:
        return bool(inspect.signature(fn).parameters)
    except (TypeError, ValueError):
        # A builtin without a signature.
        return False


def limiter_key(controller: ResilienceController, limiter: RateLimiter, key: Key) -> Key:
    """The key that the code gave, or else the caller."""
    return counted_caller(controller.subject, limiter.get_config()) if key is None else key


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
