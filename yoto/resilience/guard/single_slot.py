"""Entering and leaving on one server: one script call each."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, TypeAlias

from .. import scripts
from ..algorithms import DEFAULT_ALGORITHM
from ..breaker.plan import BreakerPlan
from ..breaker.remote import BreakerTarget
from ..breaker.states import HAPPENINGS, MEANINGS, Admission, Happened, Meaning, Refusal
from ..exits import Call
from ..limiter.remote import request_key, request_memory_ms, statuses_of
from ..outcome import Outcome
from ..runtime import Runtime
from ..settings import BulkheadConfig
from .entry import Entry
from .permit import NOT_ASKED

# The names of the refusing part in the script's reply.
BY_BREAKER, BY_LIMITER = 1, 2
# The outcome of a call in which the breaker has no interest.
NOT_WANTED = 3
MICRO = 1_000_000
# Without a limit any algorithm will do.
ANY_ENTER = DEFAULT_ALGORITHM.scripts.enter
NO_BREAKER = struct.pack("<dddd", 0, 0, 0, 0)


MadeOf: TypeAlias = tuple[BreakerPlan | None, BulkheadConfig | None]


def pack_settings(breaker: BreakerPlan | None, bulkhead: BulkheadConfig | None) -> bytes:
    """The settings of ``guard_enter.lua``."""
    admit_settings = NO_BREAKER if breaker is None else breaker.admit
    slots = (0, 0, 0)
    if bulkhead is not None:
        slots = (1, bulkhead.max_concurrent, int(bulkhead.lease * MICRO))
    has_breaker = struct.pack("<d", breaker is not None)
    return has_breaker + admit_settings + struct.pack("<ddd", *slots)


class SingleSlot:
    """The scripts ``guard_enter.lua`` and ``guard_exit.lua`` of one guard."""

    def __init__(self, runtime: Runtime, target: BreakerTarget) -> None:
        """``target``: where the breaker of the guard's name is, whether or not it has one."""
        self._runtime = runtime
        self._breaker_keys = target.keys
        self._event_args = target.event_args
        self._packed: tuple[MadeOf | None, bytes] = (None, b"")

    def enter(self, entry: Entry) -> tuple[Admission, bytes]:
        """Ask all parts at once; the reply of the breaker and the report on the dimensions.

        Raises:
            Rejected: a part refused, and nothing changed; or the errors of script calls.
        """
        request, _, breaker, limiter, bulkhead, *_ = entry
        cost, memory_ms, limits = 1, 1, b""
        dimensions: Sequence[str] = ()
        script = ANY_ENTER
        if limiter is not None:
            dimensions, _, limits = limiter.target
            cost = limiter.cost
            script = limiter.plan.scripts.enter
        if bulkhead is not None:
            holders: tuple[str, str, str] = bulkhead.bulkhead.remote.keys(bulkhead.partition)
        else:
            # A repeated request must be recognised; with a bulkhead its holders do that.
            memory = request_key(dimensions[0] if dimensions else self._breaker_keys[0], request)
            holders = (memory, memory, memory)
            if limiter is not None:
                memory_ms = request_memory_ms(limiter.target)
        reply = self._runtime.exits.run(
            script,
            (*self._breaker_keys, *holders, *dimensions),
            (request, self._settings(entry), limits, cost, memory_ms, *self._event_args),
        )
        if reply[0] != 1:
            self._refuse(entry, reply)
        if breaker is None:
            return NOT_ASKED, reply[4]
        return Admission(reply[1], MEANINGS[reply[2]]), reply[4]

    def leave(self, entry: Entry, period: int, outcome: int, slow: bool, lease_ended: bool) -> Call:
        """The script call for the end of a call that holds a slot; see ``happened``."""
        breaker, bulkhead = entry.breaker, entry.bulkhead
        assert bulkhead is not None, "only a call with a slot is ended by this script"
        record = breaker.plan.record if breaker is not None else b""
        holders = bulkhead.bulkhead.remote.keys(bulkhead.partition).holders
        return (
            scripts.GUARD_EXIT,
            (*self._breaker_keys, holders),
            (
                entry.request,
                int(lease_ended),
                period,
                outcome,
                int(slow),
                record,
                *self._event_args,
            ),
        )

    @staticmethod
    def happened(reply: list[int]) -> Happened:
        """The effect of the end of a call on the breaker."""
        happened: Happened = HAPPENINGS[reply[1]]
        return happened

    def _settings(self, entry: Entry) -> bytes:
        """The configurations of the parts, packed; kept until one of them changes."""
        _, _, breaker, _, bulkhead, *_ = entry
        made_of = (
            None if breaker is None else breaker.plan,
            None if bulkhead is None else bulkhead.config,
        )
        packed_of, packed = self._packed
        if made_of != packed_of:
            packed = pack_settings(*made_of)
            self._packed = (made_of, packed)
        return packed

    def _refuse(self, entry: Entry, reply: list[Any]) -> None:
        if reply[1] == BY_BREAKER and entry.breaker is not None:
            raise entry.breaker.breaker.refused(Refusal(reply[2] / MICRO, bool(reply[3])))
        if reply[1] == BY_LIMITER and entry.limiter is not None:
            part = entry.limiter
            statuses = statuses_of(part.target.dimensions, reply[4])
            result = part.limiter.answered(part.target, part.cost, statuses)
            raise result.error(part.limiter.name)
        assert entry.bulkhead is not None, "only a part that was asked can refuse"
        raise entry.bulkhead.bulkhead.full(entry.bulkhead.config)


def outcome_for(admission: Admission, outcome: Outcome) -> int:
    """The outcome as ``guard_exit.lua`` wants it."""
    if admission.meaning is Meaning.UNWANTED:
        return NOT_WANTED
    if outcome is Outcome.IGNORED and admission.meaning is Meaning.COUNTED:
        return NOT_WANTED
    return int(outcome)
