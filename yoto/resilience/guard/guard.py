"""Breaker, rate limit and bulkhead of one name, entered and left together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from yoto import tracing
from yoto.errors import BulkheadFull, RateLimited, Rejected
from yoto.redis import REDIS_UNAVAILABLE

from ..breaker import CircuitBreaker
from ..breaker.remote import RemoteBreaker
from ..breaker.states import Admission, Happened, Meaning
from ..bulkhead import Bulkhead
from ..leases import Slot
from ..limiter import Key, RateLimiter
from ..limiter.limiter import check_units
from ..outcome import ANY_EXCEPTION, Outcome, run_with
from ..runtime import Runtime
from ..scripts import BREAKER_RECORD
from ..settings import GuardMode
from ..store_error import StoreWatch
from ..trail import Noted
from .entry import BreakerPart, BulkheadPart, Entry, LimiterPart
from .local_fallback import enter_without_store
from .permit import NOT_ASKED, Permit
from .pipelined import enter_pipelined, leave_pipelined
from .single_slot import NOT_WANTED, SingleSlot, outcome_for

log = logging.getLogger(__name__)

SPAN = "guard.enter"

P = ParamSpec("P")
R = TypeVar("R")


class Guard:
    """Any of the three parts may be missing. Safe for threads and greenlets.

    Attributes:
        breaker, limiter, bulkhead: its parts; ``None``: it has none.

    On one server entry is one script call and exit another; when a part refuses, nothing is charged
    and no probe is used up. On a cluster see ``pipelined.py``.
    """

    def __init__(
        self,
        name: str,
        runtime: Runtime,
        breaker: CircuitBreaker | None = None,
        limiter: RateLimiter | None = None,
        bulkhead: Bulkhead | None = None,
    ) -> None:
        self.name = name
        self._span_attributes = {"yoto.guard": name}
        self._runtime = runtime
        self.breaker = breaker
        self.limiter = limiter
        self.bulkhead = bulkhead
        # Its keys are passed to the scripts even when the guard has no breaker.
        self._target_of = breaker.remote if breaker is not None else RemoteBreaker(name, runtime)
        self._single_slot: SingleSlot | None = None
        # The parts of the last call: most often those of the next one, too.
        self._breaker_part: BreakerPart | None = None
        self._slots: BulkheadPart | None = None
        self._watches: list[StoreWatch] = [
            part.store for part in (breaker, limiter, bulkhead) if part is not None
        ]

    def call(self, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs ``fn`` inside; any ``Exception`` of it is a failure. Raises as ``enter``."""
        return run_with(self.enter(), ANY_EXCEPTION, fn, *args, **kwargs)

    def enter(
        self,
        key: Key = None,
        cost: int = 1,
        partition: str = "",
        wait: float | None = None,
    ) -> Permit:
        """A permit for one call; give it back with ``exit(outcome)``.

        Args:
            key: the caller for the rate limit.
            cost: units for the rate limit.
            partition: the partition of the bulkhead; see ``bulkhead.partition_of``.
            wait: seconds to wait for a slot; ``None`` takes the configured wait.

        Raises:
            CircuitOpen, RateLimited, BulkheadFull: a part refused.
            ValidationFailed: the cost is no whole number from 1, or the key is of no known type.
        """
        with tracing.span(SPAN, self._span_attributes):
            limiter, runtime = self.limiter, self._runtime
            try:
                entry = self._entry(key, cost, partition)
                permit = self._admit(entry, wait)
            except RateLimited:
                if limiter is not None:
                    limiter.note(key, cost, False)
                raise
            runtime.entered(runtime.clock() - entry.since)
            if runtime.hooks.listeners and self.breaker is not None:
                runtime.hooks.let_in(self.name, permit.exit)
            return permit

    def _admit(self, entry: Entry, wait: float | None) -> Permit:
        if wait is None:
            wait = entry.bulkhead.config.wait if entry.bulkhead is not None else 0.0
        try:
            if entry.known:
                return self._permit(entry, entry.admission or NOT_ASKED)
            return self._enter_or_decide(entry, wait)
        except BulkheadFull:
            entry.put_back()
            slots = entry.bulkhead
            if slots is None or self._watches[-1].degraded:
                # The twin has waited already.
                raise
            if wait <= 0:
                slots.bulkhead.count_refusal(slots.partition, entry.since)
                raise
            return self._enter_after_wait(entry, slots, wait)
        except BaseException:
            entry.put_back()
            raise

    def _enter_or_decide(self, entry: Entry, wait: float) -> Permit:
        """Ask Redis, or the twins without it; ``wait`` is for the twins alone."""
        try:
            try:
                permit = self._enter(entry)
            except BulkheadFull:
                if not self._runtime.exits.settle():
                    raise
                # A holder of this worker had left, and Redis had not known it.
                permit = self._enter(entry)
        except REDIS_UNAVAILABLE as error:
            self._lost(error)
            return enter_without_store(self._leave, entry, wait)
        except Rejected:
            self._found()
            raise
        return permit

    def _entry(self, key: Key, cost: int, partition: str) -> Entry:
        """The entry to ask for; refuses at once where memory is enough for it."""
        limiter, breaker, bulkhead = self.limiter, self.breaker, self.bulkhead
        request = self._runtime.request_id()
        limits = breaker_part = slots = lease = admission = spare = None
        if limiter is not None:
            check_units("cost", cost)
            plan = limiter.plan
            if limiter.denials:
                known = limiter.known_denial(plan.target(key), cost)
                if known is not None:
                    raise known.error(limiter.name)
        if bulkhead is not None:
            config = bulkhead.get_config()
            if config.max_concurrent == 0:
                raise bulkhead.refused(config, partition, self._runtime.clock())
            slots = self._slots
            if slots is None or slots.config is not config or slots.partition != partition:
                slots = self._slots = BulkheadPart(bulkhead, config, partition)
        if breaker is not None:
            plan_of_breaker = breaker.plan
            if not plan_of_breaker.disabled:
                breaker_part = self._breaker_part
                if breaker_part is None or breaker_part.plan is not plan_of_breaker:
                    breaker_part = self._breaker_part = BreakerPart(breaker, plan_of_breaker, None)
                if breaker.needs_local:
                    alone = breaker.ask_twin_first(request, plan_of_breaker)
                    breaker_part = breaker_part._replace(alone=alone)
                if plan_of_breaker.leased:
                    admission = breaker.memory.find(plan_of_breaker)
        if limiter is not None:
            # Last: the parts that follow refuse only by Redis, so nothing needs to be put back.
            if plan.leased:
                lease = limiter.leases.take(plan, key, cost)
            target = plan.target(key) if lease is None else lease.target
            limits = LimiterPart(limiter, plan, target, cost, key)
        if bulkhead is not None and config.mode is GuardMode.LEASED:
            spare = bulkhead.spares.take(config, partition)
        now = self._runtime.clock()
        return Entry(request, now, breaker_part, limits, slots, lease, admission, spare)

    def _enter(self, entry: Entry) -> Permit:
        limits = entry.limiter
        if limits is None or entry.lease is not None:
            return self._ask(entry)
        limiter, plan, target, cost, key = limits
        if limiter.local:
            limiter.settle(plan, target)
        lease = limiter.lend(plan, target, key, cost) if plan.leased else None
        if lease is None:
            permit = self._ask(entry)
            if plan.leased:
                limiter.leases.note(plan, target, key, cost)
            return permit
        lent = entry._replace(lease=lease)
        try:
            return self._ask(lent)
        except BaseException:
            # The other parts from memory are given back where this error is caught.
            lease.put_back(cost)
            raise

    def _ask(self, entry: Entry) -> Permit:
        """Admit by the reply of Redis for the parts that memory did not admit."""
        breaker, report = entry.breaker, b""
        admission = entry.admission or NOT_ASKED
        if not entry.known:
            granted, report = self._ask_redis(entry.asked())
            self._found()
            if entry.admission is None:
                admission = granted
                if breaker is not None and breaker.plan.leased:
                    breaker.breaker.memory.keep(breaker.plan, granted, entry.since)
        return self._permit(entry, admission, report)

    def _permit(self, entry: Entry, admission: Admission, report: bytes = b"") -> Permit:
        """The permit of all parts."""
        breaker, slots, slot = entry.breaker, entry.bulkhead, None
        if breaker is not None and breaker.breaker.needs_local:
            breaker.breaker.admitted()
        if slots is not None:
            bulkhead, config, partition = slots
            if entry.spare is not None:
                slot = bulkhead.reuse(entry.spare, entry.since)
            else:
                slot = bulkhead.entered(config, partition, entry.request, entry.since)
        if entry.limiter is not None:
            entry.limiter.limiter.passed += 1
        return Permit(self._leave, entry, admission, slot, report)

    def _ask_redis(self, asked: Entry) -> tuple[Admission, bytes]:
        """As ``SingleSlot.enter``."""
        single_slot = self._single_slot
        if single_slot is None:
            if self._runtime.clustered:
                return enter_pipelined(self._runtime, asked)
            single_slot = self._single_slot = SingleSlot(self._runtime, self._target_of.target)
        return single_slot.enter(asked)

    def _enter_after_wait(self, entry: Entry, slots: BulkheadPart, wait: float) -> Permit:
        """Wait for a slot in the queue, then ask the others, since they may have changed."""
        slot = slots.bulkhead.acquire(wait, slots.partition)
        rest = Entry(
            # The other parts know the id of a reused slot already.
            entry.request if slot.reused else slot.id,
            self._runtime.clock(),
            entry.breaker,
            entry.limiter,
            None,
        )
        try:
            permit = self._enter_or_decide(rest, 0.0)
        except BaseException:
            slot.release()
            raise
        permit.entry = permit.entry._replace(bulkhead=slots)
        permit.slot = slot
        return permit

    def _leave(self, permit: Permit, outcome: Outcome, error: BaseException | None) -> None:
        try:
            self._end(permit, outcome)
        finally:
            # However the wait ended, the slot of a call that has ended must not be renewed.
            if permit.slot is not None:
                permit.slot.release()
            if self._runtime.hooks.listeners and self.breaker is not None:
                self.breaker.notify_hooks(permit.started, outcome, error)

    def _end(self, permit: Permit, outcome: Outcome) -> None:
        entry, slot, slow = permit.entry, permit.slot, False
        part, counted = entry.breaker, NOT_WANTED
        since, limits = entry.since, entry.limiter
        waited, partition = (0.0, "") if slot is None else (slot.waited, slot.partition)
        key, cost = (None, 1) if limits is None else (limits.key, limits.cost)
        taken = self._runtime.clock() - since
        # One tuple for the trails of all parts: a call must not pay for three.
        call: Noted = (since, waited, taken, partition, outcome, key, cost)
        if limits is not None:
            limits.limiter.trail.note(call)
        if self.breaker is not None:
            slow = self.breaker.ended(call)
        if part is not None:
            if permit.local or part.alone is not None:
                part.breaker.record_local(permit, outcome, slow)
            if not permit.local:
                counted = outcome_for(permit.admission, outcome)
                if (
                    counted != NOT_WANTED
                    and part.plan.leased
                    and permit.admission.meaning is Meaning.COUNTED
                ):
                    part.breaker.record_soon(
                        entry.request, permit.admission, outcome, slow, part.plan
                    )
                    counted = NOT_WANTED
        period, happened = permit.admission.period, Happened.IGNORED
        try:
            if slot is None or slot.local or slot.released:
                if slot is not None:
                    slot.release()
                if counted != NOT_WANTED and part is not None:
                    happened = part.breaker.remote.record(
                        entry.request, period, Outcome(counted), slow, part.plan
                    )
            elif slot.hand_over() and entry.bulkhead is not None:
                bulkhead = entry.bulkhead.bulkhead
                kept = bulkhead.left(slot)
                bulkhead.trail.note(call)
                if not kept or counted != NOT_WANTED:
                    self._send_end(entry, None if kept else slot, period, counted, slow)
                if counted != NOT_WANTED and part is not None and part.plan.opens_alone:
                    if slow or outcome:
                        # The next call must know whether this instance opens alone.
                        self._runtime.exits.settle()
                if not kept:
                    bulkhead.local.wake_up()
        except REDIS_UNAVAILABLE as error:
            self._lost(error)
            log.warning("the end of a call of guard %s was not recorded: %s", self.name, error)
            return
        if part is not None and happened is Happened.OPENED_ALONE:
            part.breaker.heard(happened, part.plan)

    def _send_end(
        self, entry: Entry, slot: Slot | None, period: int, counted: int, slow: bool
    ) -> None:
        """Report soon that a call ended, and ``slot`` is free; no caller waits for the reply."""
        single_slot, add, part = self._single_slot, self._runtime.exits.add, entry.breaker
        if single_slot is not None and slot is not None and slot.id == entry.request:
            call = single_slot.leave(entry, period, counted, slow, slot.lost)
            add(call, partial(self._ended, part))
            return
        for call in leave_pipelined(entry, slot, period, counted, slow):
            reported = part if call[0] is BREAKER_RECORD else None
            add(call, partial(self._ended_pipelined, reported))

    def _ended(self, part: BreakerPart | None, reply: Any) -> None:
        if isinstance(reply, Exception):
            self._lost(reply)
            log.warning("the end of a call of guard %s was not recorded: %s", self.name, reply)
        elif part is not None and SingleSlot.happened(reply) is Happened.OPENED_ALONE:
            part.breaker.heard(Happened.OPENED_ALONE, part.plan)

    def _ended_pipelined(self, part: BreakerPart | None, reply: Any) -> None:
        if part is None or isinstance(reply, Exception):
            self._ended(None, reply)
            return
        part.breaker.heard(part.breaker.remote.recorded(reply), part.plan)

    def _lost(self, error: Exception) -> None:
        for watch in self._watches:
            watch.lost(error)

    def _found(self) -> None:
        for watch in self._watches:
            if watch.degraded:
                watch.found()
