"""Entering on a cluster: the parts are in several slots, which no script may touch at once.

Each part is asked in its slot, all in one pipelined round trip. When one refuses, the gains of the
others are returned: units are refunded, the slot is released, the probe is freed. A process that
dies in between leaves the units used, and the slot and the probe until their leases end.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from yoto.errors import Rejected
from yoto.redis import REDIS_UNAVAILABLE

from .. import scripts
from ..breaker.states import Admission, Meaning, Refusal
from ..exits import Call
from ..leases import Slot
from ..limiter.remote import give_back, hit_calls, statuses_of
from ..outcome import Outcome
from ..runtime import Runtime
from .entry import BreakerPart, BulkheadPart, Entry, LimiterPart
from .permit import NOT_ASKED
from .single_slot import NOT_WANTED

log = logging.getLogger(__name__)

MICRO = 1_000_000


class _Question(Protocol):
    """One part, asked in its slots."""

    calls: list[Call]
    replies: list[Any]

    def admits(self) -> bool:
        """Whether every reply admits the call."""
        ...

    def give_back(self) -> None:
        """Undo the charges; raises the errors of script calls."""
        ...

    def refusal(self) -> Rejected:
        """The exception for a refusal, remembered and, unless a slot may be waited for, counted."""
        ...


class _AskBreaker:
    def __init__(self, part: BreakerPart, request: str) -> None:
        self._part = part
        self._request = request
        keys, event_args = part.breaker.remote.target
        self.calls: list[Call] = [
            (scripts.BREAKER_ADMIT, keys, (request, part.plan.admit, *event_args)),
        ]
        self.replies: list[Any] = []

    def admits(self) -> bool:
        return bool(self.replies[0][0])

    @property
    def admission(self) -> Admission:
        return Admission(self.replies[0][1], Meaning(self.replies[0][2]))

    def give_back(self) -> None:
        reply = self.replies[0]
        if isinstance(reply, list) and reply[0] and reply[2] == Meaning.PROBE:
            self._part.breaker.remote.record(
                self._request, reply[1], Outcome.IGNORED, False, self._part.plan
            )

    def refusal(self) -> Rejected:
        _, wait, isolated, _ = self.replies[0]
        return self._part.breaker.refused(Refusal(wait / MICRO, bool(isolated)))


class _AskLimiter:
    def __init__(self, part: LimiterPart, request: str) -> None:
        self._part = part
        self._request = request
        self.calls: list[Call] = hit_calls(part.plan, part.target, part.cost, request)
        self.replies: list[Any] = []

    def admits(self) -> bool:
        return all(reply[0] for reply in self.replies)

    @property
    def report(self) -> bytes:
        return b"".join([reply[1] for reply in self.replies])

    def give_back(self) -> None:
        part = self._part
        give_back(
            part.limiter.remote, part.plan, part.target, part.cost, self._request, self.replies
        )

    def refusal(self) -> Rejected:
        part = self._part
        statuses = statuses_of(part.target.dimensions, self.report)
        return part.limiter.answered(part.target, part.cost, statuses).error(part.limiter.name)


class _AskBulkhead:
    def __init__(self, part: BulkheadPart, request: str) -> None:
        self._part = part
        self._request = request
        keys = part.bulkhead.remote.keys(part.partition)
        lease_us = int(part.config.lease * MICRO)
        args = (request, part.config.max_concurrent, lease_us)
        self.calls: list[Call] = [(scripts.BULKHEAD_ENTER, keys, args)]
        self.replies: list[Any] = []

    def admits(self) -> bool:
        return bool(self.replies[0])

    def give_back(self) -> None:
        if self.replies[0] == 1:
            self._part.bulkhead.remote.leave(self._part.partition, self._request)

    def refusal(self) -> Rejected:
        return self._part.bulkhead.full(self._part.config)


def enter_pipelined(runtime: Runtime, entry: Entry) -> tuple[Admission, bytes]:
    """As ``Together.enter``."""
    breaker = _AskBreaker(entry.breaker, entry.request) if entry.breaker else None
    limiter = _AskLimiter(entry.limiter, entry.request) if entry.limiter else None
    bulkhead = _AskBulkhead(entry.bulkhead, entry.request) if entry.bulkhead else None
    questions: list[_Question] = [part for part in (breaker, limiter, bulkhead) if part]
    replies = runtime.exits.run_many([call for question in questions for call in question.calls])
    left = iter(replies)
    for question in questions:
        question.replies = [next(left) for _ in question.calls]

    error = next((reply for reply in replies if isinstance(reply, Exception)), None)
    refused = None if error else next((ask for ask in questions if not ask.admits()), None)
    if error is not None or refused is not None:
        _give_back(questions)
    if error is not None:
        raise error
    if entry.breaker is not None and breaker is not None:
        entry.breaker.breaker.remote.after_call(breaker.replies[0][3])
    if refused is not None:
        raise refused.refusal()
    report = b"" if limiter is None else limiter.report
    return (NOT_ASKED if breaker is None else breaker.admission), report


def _give_back(questions: Sequence[_Question]) -> None:
    for question in questions:
        try:
            question.give_back()
        except REDIS_UNAVAILABLE as error:
            log.warning("a part of a refused call comes back by itself only: %s", error)


def leave_pipelined(
    entry: Entry, slot: Slot | None, period: int, counted: int, slow: bool
) -> list[Call]:
    """The script calls for the end of a call: give ``slot`` back, and report ``counted``, the
    outcome or ``NOT_WANTED``, to the breaker."""
    breaker, bulkhead = entry.breaker, entry.bulkhead
    calls: list[Call] = []
    if bulkhead is not None and slot is not None:
        keys = bulkhead.bulkhead.remote.keys(bulkhead.partition)
        calls.append((scripts.BULKHEAD_LEAVE, keys, (slot.id,)))
    if breaker is not None and counted != NOT_WANTED:
        remote, plan = breaker.breaker.remote, breaker.plan
        calls.append(remote.result(entry.request, period, counted, slow, plan))
    return calls
