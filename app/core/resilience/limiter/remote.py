"""A limiter in Redis: the calls of its scripts, in one slot or in several."""

from __future__ import annotations

import logging
import struct
from collections.abc import Sequence
from math import ceil, floor
from typing import Any

from app.core.redis import Script

from .. import scripts
from ..runtime import Runtime
from ..store_error import STORE_ERRORS
from .dimensions import MICRO, CountedDimension, DimensionPlan, Target
from .quota import TOLERANCE
from .result import DimensionStatus

log = logging.getLogger(__name__)

# ms for which Redis knows a request that it charged, so that it is not charged again when its reply
# was lost. Longer than the registry tries a call again.
REQUEST_MEMORY_MS = 2_000


_REPORT = struct.Struct("<ddd")


def statuses_of(
    dimensions: Sequence[CountedDimension], report: bytes
) -> tuple[DimensionStatus, ...]:
    """From the report of a script (``limits_report`` in ``limiter.lua``)."""
    return tuple(
        [
            DimensionStatus(
                item.name,
                item.quota.limit,
                item.quota.window,
                max(0, floor(left + TOLERANCE)),
                reset / MICRO,
                ceil(wait) / MICRO,
                item.step,
            )
            for item, (left, reset, wait) in zip(
                dimensions, _REPORT.iter_unpack(report), strict=True
            )
        ]
    )


def request_memory_ms(target: Target) -> int:
    """How long a request is remembered, never beyond two windows."""
    window = min(item.quota.window for item in target.dimensions)
    return max(1, min(REQUEST_MEMORY_MS, int(2000 * window)))


class RemoteLimiter:
    """Every method raises what script calls raise (``STORE_ERRORS``)."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def hit(
        self, plan: DimensionPlan, target: Target, cost: int, request: str
    ) -> tuple[DimensionStatus, ...]:
        """Charge all dimensions, or none."""
        if len(target.keys) > 1 and self._runtime.clustered:
            return self._hit_slots(plan, target, cost, request)
        reply = self._runtime.scripts.run(
            scripts.LIMITER_HIT,
            (request_key(target.keys[0], request), *target.keys),
            (plan.algorithm, target.limits, cost, request_memory_ms(target)),
        )
        return statuses_of(target.dimensions, reply[1])

    def peek(self, plan: DimensionPlan, target: Target, cost: int) -> tuple[DimensionStatus, ...]:
        """What a hit would meet."""
        replies = self._each(scripts.LIMITER_PEEK, plan, target, (cost,))
        return statuses_of(target.dimensions, b"".join([reply[1] for reply in replies]))

    def give(self, plan: DimensionPlan, target: Target, units: int, request: str) -> None:
        """Give units back."""
        args = (units, request_memory_ms(target))
        self._each(scripts.LIMITER_GIVE, plan, target, args, request)

    def settle(
        self, plan: DimensionPlan, key: str, item: CountedDimension, units: float, request: str
    ) -> None:
        """Charge what was used without Redis."""
        target = Target([key], (item,), item.packed)
        args = (ceil(units), request_memory_ms(target))
        self._each(scripts.LIMITER_SETTLE, plan, target, args, request)

    def reset(self, target: Target) -> None:
        """Make all dimensions unused."""
        self._runtime.scripts.run_many([(scripts.LIMITER_RESET, (key,), ()) for key in target.keys])

    def _hit_slots(
        self, plan: DimensionPlan, target: Target, cost: int, request: str
    ) -> tuple[DimensionStatus, ...]:
        """The dimensions are in several slots, which no script may touch at once: charge each, and
        give back when one refused."""
        calls = hit_calls(plan, target, cost, request)
        replies = self._runtime.scripts.run_many(calls, raise_errors=False)
        error = next((reply for reply in replies if isinstance(reply, Exception)), None)
        if error is not None or not all(reply[0] for reply in replies):
            try:
                give_back(self, plan, target, cost, request, replies)
            except STORE_ERRORS as trouble:
                log.warning("units of a refused call come back by themselves only: %s", trouble)
        if error is not None:
            raise error
        return statuses_of(target.dimensions, b"".join([reply[1] for reply in replies]))

    def _each(
        self,
        script: Script,
        plan: DimensionPlan,
        target: Target,
        args: tuple[int, ...],
        request: str | None = None,
    ) -> list[Any]:
        """One call a dimension, in one round trip."""
        calls: list[tuple[Script, Sequence[str], Sequence[Any]]] = []
        for key, item in zip(target.keys, target.dimensions, strict=True):
            keys = (key,) if request is None else (request_key(key, request), key)
            calls.append((script, keys, (plan.algorithm, item.packed, *args)))
        return self._runtime.scripts.run_many(calls)


def request_key(key: str, request: str) -> str:
    """Where Redis remembers that it served a request, in the slot of ``key``."""
    return f"{key}:rq:{request}"


def hit_calls(
    plan: DimensionPlan, target: Target, cost: int, request: str
) -> list[tuple[Script, Sequence[str], Sequence[Any]]]:
    """One ``limiter_hit`` a dimension, for ``run_many``."""
    memory = request_memory_ms(target)
    return [
        (
            scripts.LIMITER_HIT,
            (request_key(key, request), key),
            (plan.algorithm, item.packed, cost, memory),
        )
        for key, item in zip(target.keys, target.dimensions, strict=True)
    ]


def give_back(
    remote: RemoteLimiter,
    plan: DimensionPlan,
    target: Target,
    cost: int,
    request: str,
    replies: Sequence[Any],
) -> None:
    """Gives back what those single dimensions were charged that admitted; raises what script calls
    raise."""
    charged = [
        index for index, reply in enumerate(replies) if isinstance(reply, list) and reply[0] == 1
    ]
    if charged:
        part = Target(
            [target.keys[index] for index in charged],
            tuple(target.dimensions[index] for index in charged),
            b"",
        )
        remote.give(plan, part, cost, f"{request}-back")
