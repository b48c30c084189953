"""A limiter in Redis: the calls of its scripts, in one slot or in several."""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from yoto.redis import REDIS_UNAVAILABLE, Script

from .. import scripts
from ..algorithms import TOLERANCE
from ..runtime import Runtime
from .dimensions import MICRO, CountedDimension, DimensionPlan, LimiterTarget
from .result import DimensionStatus

if TYPE_CHECKING:
    from .lease import Lease

log = logging.getLogger(__name__)

# ms for which Redis knows a request that it charged, so that it is not charged again when its reply
# was lost. Longer than the registry tries a call again.
REQUEST_MEMORY_MS = 2_000
# Keys that Redis scans before it serves others. Some hundred microseconds.
SCANNED = 1_000

_REPORT = struct.Struct("<ddd")
# Bytes of a mark ('<dd').
_MARK = 16
Call: TypeAlias = tuple[Script, Sequence[str], Sequence[Any]]


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


def request_memory_ms(target: LimiterTarget) -> int:
    """How long a request is remembered, at most two windows."""
    window = min(item.quota.window for item in target.dimensions)
    return max(1, min(REQUEST_MEMORY_MS, int(2000 * window)))


class Lent(NamedTuple):
    """The charge of Redis for a lease.

    Attributes:
        units: charged units; 0 when it refused.
        seconds: for how long they may be used; 0: by the call at hand alone.
        report: see ``statuses_of``.
        marks: identify the charge of each dimension, for giving units of it back.
    """

    units: int
    seconds: float
    report: bytes
    marks: tuple[bytes, ...]


class RemoteLimiter:
    """Every method raises what script calls raise (``REDIS_UNAVAILABLE``)."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def hit(
        self, plan: DimensionPlan, target: LimiterTarget, cost: int, request: str
    ) -> tuple[DimensionStatus, ...]:
        """Charge all dimensions, or none."""
        if len(target.keys) > 1 and self._runtime.clustered:
            return self._hit_slots(plan, target, cost, request)
        reply = self._runtime.scripts.run(
            plan.scripts.hit,
            (request_key(target.keys[0], request), *target.keys),
            (target.limits, cost, request_memory_ms(target)),
        )
        return statuses_of(target.dimensions, reply[1])

    def lend(
        self, plan: DimensionPlan, target: LimiterTarget, cost: int, wanted: int, request: str
    ) -> Lent:
        """Charge all dimensions for several calls, or for one, or none."""
        memory = request_memory_ms(target)
        rest = (cost, wanted, int(plan.lease_length * MICRO), memory)
        if len(target.keys) > 1 and self._runtime.clustered:
            slots = target.by_slot()
            calls: list[Call] = [
                (
                    plan.scripts.lease,
                    (request_key(slot.keys[0], request), *slot.keys),
                    (slot.limits, *rest),
                )
                for slot in slots
            ]
            return self._lend_slots(plan, slots, cost, calls)
        keys = (request_key(target.keys[0], request), *target.keys)
        args = (target.limits, *rest)
        return _lent(self._runtime.scripts.run(plan.scripts.lease, keys, args))

    def give_lent(self, unused: Sequence[tuple[Lease, int]]) -> list[bool]:
        """Give back unused units of leases; returns which of them Redis could still take back."""
        pipelined = self._runtime.clustered
        calls: list[Call] = []
        wanted = []
        for lease, units in unused:
            made = self._return_calls(lease.plan, lease.target, units, lease.lent.marks, pipelined)
            wanted.append(len(made))
            calls += made
        replies = iter(self._runtime.scripts.run_many(calls))
        windows = [len(lease.target.keys) for lease, _ in unused]
        return [
            sum(next(replies) for _ in range(count)) == of
            for count, of in zip(wanted, windows, strict=True)
        ]

    def peek(
        self, plan: DimensionPlan, target: LimiterTarget, cost: int
    ) -> tuple[DimensionStatus, ...]:
        """The status that a hit would meet."""
        replies = self._each(plan.scripts.peek, plan, target, (cost,))
        return statuses_of(target.dimensions, b"".join([reply[1] for reply in replies]))

    def give(self, plan: DimensionPlan, target: LimiterTarget, units: int, request: str) -> None:
        """Give units back."""
        args = (units, request_memory_ms(target))
        self._each(plan.scripts.give, plan, target, args, request)

    def settle(
        self, plan: DimensionPlan, key: str, item: CountedDimension, units: float, request: str
    ) -> None:
        """Charge the units that were used without Redis."""
        target = LimiterTarget([key], (item,), item.packed)
        args = (ceil(units), request_memory_ms(target))
        self._each(plan.scripts.settle, plan, target, args, request)

    def reset(self, target: LimiterTarget) -> None:
        """Make all dimensions unused."""
        self._runtime.scripts.run_many([(scripts.LIMITER_RESET, (key,), ()) for key in target.keys])

    def reset_all(self, name: str, seconds: float) -> bool:
        """Make every key of the limit ``name`` unused; False: the time ended before.

        It scans all keys of all servers, a thousand at once, between which Redis serves
        others.
        """
        runtime = self._runtime
        ends = runtime.clock() + seconds
        for keys in self._every_key(name):
            if runtime.clock() >= ends:
                return False
            calls = [(scripts.LIMITER_RESET, (key,), ()) for key in keys]
            if calls:
                runtime.scripts.run_many(calls)
        return True

    def keep(self, name: str, before: DimensionPlan, plan: DimensionPlan) -> None:
        """Convert the use of every key to the limit in force, as long as it counts there.

        It scans as ``reset_all`` does; keys stay for a while beyond their use (``limiter.lua``),
        so that it finds all.
        """
        for keys in self._every_key(name):
            calls: list[Call] = []
            for key in keys:
                change = plan.change_of(key, before)
                if change is not None:
                    old, new = change
                    calls.append((plan.scripts.keep, (key,), (new.packed, old.packed)))
            if calls:
                self._runtime.scripts.run_many(calls)

    def _every_key(self, name: str) -> Iterator[list[str]]:
        """The keys of the limit ``name`` on all servers, of so many keys at once."""
        client = self._runtime.redis.client
        sample = self._runtime.redis.keys.tagged(("rl", name, ""))
        pattern = re.sub(r"([*?\[\]^\\])", r"\\\1", sample.removesuffix("%}")) + "*"
        for node in client.get_primaries() if self._runtime.clustered else [None]:
            on_node = {} if node is None else {"target_nodes": node}
            cursor = None
            while cursor != 0:
                found, keys = client.scan(cursor or 0, match=pattern, count=SCANNED, **on_node)
                cursor = found if node is None else found[node.name]
                yield [key.decode() for key in keys]

    def _hit_slots(
        self, plan: DimensionPlan, target: LimiterTarget, cost: int, request: str
    ) -> tuple[DimensionStatus, ...]:
        """The dimensions are in several slots, which no script may touch at once: charge each, and
        give back when one refused."""
        calls = hit_calls(plan, target, cost, request)
        replies = self._runtime.scripts.run_many(calls, raise_errors=False)
        error = next((reply for reply in replies if isinstance(reply, Exception)), None)
        if error is not None or not all(reply[0] for reply in replies):
            try:
                give_back(self, plan, target, cost, request, replies)
            except REDIS_UNAVAILABLE as trouble:
                log.warning("units of a refused call come back by themselves only: %s", trouble)
        if error is not None:
            raise error
        return statuses_of(target.dimensions, b"".join([reply[1] for reply in replies]))

    def _lend_slots(
        self, plan: DimensionPlan, slots: Sequence[LimiterTarget], cost: int, calls: Sequence[Call]
    ) -> Lent:
        """As ``_hit_slots``: a surplus of one dimension over another is given back."""
        replies = self._runtime.scripts.run_many(calls, raise_errors=False)
        error = next((reply for reply in replies if isinstance(reply, Exception)), None)
        lent = [None if isinstance(reply, Exception) else _lent(reply) for reply in replies]
        units = min(0 if one is None else one.units for one in lent)
        seconds = min(0.0 if one is None else one.seconds for one in lent)
        units = min(units, cost) if not seconds else units
        surplus: list[Call] = []
        for slot, one in zip(slots, lent, strict=True):
            if one is not None and one.units > units:
                more = one.units - units
                if one.seconds:
                    surplus += self._return_calls(plan, slot, more, one.marks, False)
                else:
                    keys = (request_key(slot.keys[0], self._runtime.request_id()), *slot.keys)
                    args = (slot.limits, more, request_memory_ms(slot))
                    surplus.append((plan.scripts.give, keys, args))
        if surplus:
            try:
                self._runtime.scripts.run_many(surplus)
            except REDIS_UNAVAILABLE as trouble:
                log.warning("units of a lease come back by themselves only: %s", trouble)
        if error is not None:
            raise error
        granted = [one for one in lent if one is not None]
        report = b"".join([one.report for one in granted])
        return Lent(units, seconds, report, tuple([mark for one in granted for mark in one.marks]))

    def _return_calls(
        self,
        plan: DimensionPlan,
        target: LimiterTarget,
        units: int,
        marks: Sequence[bytes],
        pipelined: bool,
    ) -> list[Call]:
        """One ``limiter_return``, or one a dimension."""
        memory, request = request_memory_ms(target), self._runtime.request_id()
        left = iter(marks)
        return [
            (
                plan.scripts.give_lent,
                (request_key(slot.keys[0], request), *slot.keys),
                (slot.limits, units, b"".join(islice(left, len(slot.keys))), memory),
            )
            for slot in (target.by_slot() if pipelined else [target])
        ]

    def _each(
        self,
        script: Script,
        plan: DimensionPlan,
        target: LimiterTarget,
        args: tuple[int, ...],
        request: str | None = None,
    ) -> list[Any]:
        """One call a dimension, in one round trip."""
        calls: list[Call] = []
        for slot in target.by_slot():
            first = () if request is None else (request_key(slot.keys[0], request),)
            calls.append((script, (*first, *slot.keys), (slot.limits, *args)))
        return self._runtime.scripts.run_many(calls)


def _lent(reply: list[Any]) -> Lent:
    """From the reply of ``limiter_lease.lua``."""
    units, lasts, report, marks = reply
    each = tuple([marks[at : at + _MARK] for at in range(0, len(marks), _MARK)])
    return Lent(units, lasts / MICRO, report, each)


def request_key(key: str, request: str) -> str:
    """The key by which Redis remembers a served request, in the slot of ``key``."""
    return f"{key}:rq:{request}"


def hit_calls(plan: DimensionPlan, target: LimiterTarget, cost: int, request: str) -> list[Call]:
    """One ``limiter_hit`` a dimension, for ``run_many``."""
    memory = request_memory_ms(target)
    return [
        (
            plan.scripts.hit,
            (request_key(slot.keys[0], request), *slot.keys),
            (slot.limits, cost, memory),
        )
        for slot in target.by_slot()
    ]


def give_back(
    remote: RemoteLimiter,
    plan: DimensionPlan,
    target: LimiterTarget,
    cost: int,
    request: str,
    replies: Sequence[Any],
) -> None:
    """Gives back the charges of those single dimensions that admitted; raises what script calls
    raise."""
    charged = [
        slot
        for slot, reply in zip(target.by_slot(), replies, strict=True)
        if isinstance(reply, list) and reply[0] == 1
    ]
    if charged:
        part = LimiterTarget(
            [key for slot in charged for key in slot.keys],
            tuple([item for slot in charged for item in slot.dimensions]),
            b"".join([slot.limits for slot in charged]),
        )
        remote.give(plan, part, cost, f"{request}-back")
