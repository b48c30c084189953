"""Entering and leaving on one server: one script call each."""

from __future__ import annotations

from collections.abc import Sequence

from .. import scripts
from ..breaker.remote import Target as BreakerTarget
from ..breaker.states import Admission, Happened, Meaning, Refusal
from ..limiter.remote import request_key, request_memory_ms, statuses_of
from ..outcome import Outcome
from ..runtime import Runtime
from .entry import Entry
from .permit import NOT_ASKED

# What the refusing part is called in the script's reply.
BY_BREAKER, BY_LIMITER = 1, 2
# The outcome of a call in which the breaker has no interest.
NOT_WANTED = 3
MICRO = 1_000_000


class Together:
    """The scripts ``guard_enter.lua`` and ``guard_exit.lua`` of one guard."""

    def __init__(self, runtime: Runtime, target: BreakerTarget) -> None:
        """``target``: where the breaker of the guard's name is, whether or not it has one."""
        self._runtime = runtime
        self._breaker_keys = target.keys
        self._tell = target.tell

    def enter(self, entry: Entry) -> tuple[Admission, list[int]]:
        """Ask all parts at once; what the breaker said and the numbers of the dimensions.

        Raises:
            Rejected: a part refused, and nothing changed; what script calls raise.
        """
        request, _, breaker, limiter, bulkhead = entry
        admit = limits = cap_and_lease = b""
        algorithm, cost, memory_ms = 1, 1, 1
        dimensions: Sequence[str] = ()
        if breaker is not None:
            admit = breaker.plan.admit
        if limiter is not None:
            algorithm, cost = limiter.plan.algorithm, limiter.cost
            dimensions, _, limits = limiter.target
        if bulkhead is not None:
            cap_and_lease = bulkhead.bulkhead.packed()
            holders: tuple[str, str, str] = bulkhead.bulkhead.remote.keys(bulkhead.partition)
        else:
            # Something must tell a repeated request; with a bulkhead its holders do.
            memory = request_key(dimensions[0] if dimensions else self._breaker_keys[0], request)
            holders = (memory, memory, memory)
            if limiter is not None:
                memory_ms = request_memory_ms(limiter.target)
        reply = self._runtime.scripts.run(
            scripts.GUARD_ENTER,
            (*self._breaker_keys, *holders, *dimensions),
            (request, admit, algorithm, limits, cost, cap_and_lease, memory_ms, *self._tell),
        )
        if reply[0] != 1:
            self._refuse(entry, reply)
        if breaker is None:
            return NOT_ASKED, reply[4:]
        return Admission(reply[1], Meaning(reply[2])), reply[4:]

    def leave(
        self, entry: Entry, period: int, outcome: int, slow: bool, lease_ended: bool
    ) -> Happened:
        """End a call that holds a slot; raises what script calls raise."""
        breaker, bulkhead = entry.breaker, entry.bulkhead
        assert bulkhead is not None, "only a call with a slot is ended by this script"
        record = breaker.plan.record if breaker is not None else b""
        holders = bulkhead.bulkhead.remote.keys(bulkhead.partition).holders
        reply = self._runtime.scripts.run(
            scripts.GUARD_EXIT,
            (*self._breaker_keys, holders),
            (entry.request, int(lease_ended), period, outcome, int(slow), record, *self._tell),
        )
        return Happened(reply[1])

    def _refuse(self, entry: Entry, reply: list[int]) -> None:
        if reply[1] == BY_BREAKER and entry.breaker is not None:
            raise entry.breaker.breaker.refused(Refusal(reply[2] / MICRO, bool(reply[3])))
        if reply[1] == BY_LIMITER and entry.limiter is not None:
            part = entry.limiter
            statuses = statuses_of(part.target.dimensions, reply[4:])
            result = part.limiter.answered(part.target, part.cost, statuses)
            raise result.error(part.limiter.name)
        assert entry.bulkhead is not None, "only a part that was asked can refuse"
        raise entry.bulkhead.bulkhead.refused(entry.bulkhead.config)


def outcome_for(admission: Admission, outcome: Outcome) -> int:
    """The outcome as ``guard_exit.lua`` wants it."""
    if admission.meaning is Meaning.UNWANTED:
        return NOT_WANTED
    if outcome is Outcome.IGNORED and admission.meaning is Meaning.COUNTED:
        return NOT_WANTED
    return int(outcome)
