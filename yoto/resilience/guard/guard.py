"""Breaker, rate limit and bulkhead of one name, entered and left together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from yoto import tracing
from yoto.deadlines import check_deadline, ending
from yoto.errors import BulkheadFull, RateLimited, Rejected
from yoto.redis import REDIS_UNAVAILABLE

from ..breaker import CircuitBreaker
from ..breaker.remote import RemoteBreaker
from ..breaker.states import Happened, Meaning
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
from .entry import BreakerPart, BulkheadPart, Entry, LimiterPart, Plan
from .local_fallback import enter_without_store
from .permit import NOT_ASKED, UNKNOWN, Permit
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
        # Made at the first call: no reader gives None.
        self._plan = Plan(((object, None),))
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
            DeadlineExceeded: the caller's deadline has passed.
            ValidationFailed: the cost is no whole number from 1, or the key is of no known type.
        """
        check_deadline()
        runtime, clock = self._runtime, self._runtime.clock
        plan, came = self._plan_now(), clock()
        permit = Permit(self._leave, plan, came, key, cost, partition)
        known = True
        # Memory first. Parts that come later refuse only by Redis, so that nothing needs to be put
        # back here.
        if plan.limiter is not None:
            limiter, limits = plan.limiter
            check_units("cost", cost)
            denied = limiter.known_denial(limits.target(key), cost) if limiter.denials else None
            if denied is not None:
                limiter.note(key, cost, False)
                raise denied.error(limiter.name)
        if plan.bulkhead is not None:
            bulkhead, slots = plan.bulkhead
            if slots.max_concurrent == 0:
                raise bulkhead.refused(slots, partition, came)
        if plan.breaker is None:
            permit.admission = NOT_ASKED
        else:
            breaker, rules = plan.breaker
            if breaker.needs_local:
                permit.request = runtime.request_id()
                permit.alone = breaker.ask_twin_first(permit.request, rules)
            if rules.leased:
                permit.admission = breaker.memory.find(rules) or UNKNOWN
            known = permit.admission is not UNKNOWN
        if plan.limiter is not None:
            if limits.leased:
                permit.lease = limiter.leases.take(limits, key, cost)
            known = known and permit.lease is not None
        if plan.bulkhead is not None:
            if slots.mode is GuardMode.LEASED:
                permit.slot = bulkhead.spares.take(slots, partition)
            known = known and permit.slot is not None
        if not known:
            self._ask(permit, wait)
        if plan.breaker is not None and breaker.needs_local and not permit.local:
            breaker.admitted()
        if plan.limiter is not None:
            limiter.passed += 1
        if permit.slot is not None and permit.slot.released:
            permit.slot = bulkhead.reuse(permit.slot, permit.started)
        runtime.entered(clock() - came)
        if runtime.hooks.listeners and self.breaker is not None:
            runtime.hooks.let_in(self.name, permit.exit)
        return permit

    def _plan_now(self) -> Plan:
        """The parts with the configurations of now."""
        plan = self._plan
        for read, config in plan.made_of:
            if read() is not config:
                return self._make_plan()
        return plan

    def _make_plan(self) -> Plan:
        breaker, limiter, bulkhead = self.breaker, self.limiter, self.bulkhead
        # Read first: if one changes meanwhile, the next call makes the plan anew.
        readers = [part.get_config for part in (breaker, limiter, bulkhead) if part is not None]
        made_of = tuple([(read, read()) for read in readers])
        part = None if breaker is None else BreakerPart(breaker, breaker.plan)
        self._plan = Plan(
            made_of,
            None if part is None or part.plan.disabled else part,
            None if limiter is None else (limiter, limiter.plan),
            None if bulkhead is None else (bulkhead, bulkhead.get_config()),
        )
        return self._plan

    def _ask(self, permit: Permit, wait: float | None) -> None:
        """Ask Redis for what memory did not grant; raises as ``enter``."""
        permit.request = permit.request or self._runtime.request_id()
        try:
            with tracing.span(SPAN, self._span_attributes):
                self._ask_or_wait(permit, wait)
        except BaseException as error:
            with ending():
                self._put_back(permit)
            if isinstance(error, RateLimited) and self.limiter is not None:
                self.limiter.note(permit.key, permit.cost, False)
            raise

    def _ask_or_wait(self, permit: Permit, wait: float | None) -> None:
        slots = permit.plan.bulkhead
        if slots is not None and wait is None:
            wait = slots[1].wait
        try:
            self._ask_or_decide(permit, wait or 0.0)
        except BulkheadFull:
            if slots is None or self._watches[-1].degraded:
                # The twin has waited already.
                raise
            if not wait or wait <= 0:
                slots[0].count_refusal(permit.partition, permit.started)
                raise
            # The others are asked again after the wait, since they may have changed.
            self._put_back(permit)
            slot = permit.slot = slots[0].acquire(wait, permit.partition)
            if not slot.reused:
                # The other parts know the id of a reused slot already.
                permit.request = slot.id
            permit.started = self._runtime.clock()
            self._ask_or_decide(permit, 0.0)

    def _put_back(self, permit: Permit) -> None:
        """Give back units and slots that were granted: another part refused."""
        lease, slot, slots = permit.lease, permit.slot, permit.plan.bulkhead
        permit.lease = permit.slot = None
        if permit.plan.breaker is not None:
            permit.admission = UNKNOWN
        if lease is not None:
            lease.put_back(permit.cost)
        if slot is None or slots is None:
            return
        if slot.released:
            slots[0].spares.put_back(slots[1], slot)
        else:
            slot.release()

    def _ask_or_decide(self, permit: Permit, wait: float) -> None:
        """Ask Redis, or the twins without it; ``wait`` is for the twins alone."""
        try:
            try:
                self._ask_redis(permit)
            except BulkheadFull:
                if not self._runtime.exits.settle():
                    raise
                # A holder of this worker had left, and Redis had not known it.
                self._ask_redis(permit)
        except REDIS_UNAVAILABLE as error:
            self._lost(error)
            enter_without_store(permit, self._lacking(permit), wait)
        except Rejected:
            self._found()
            raise

    def _lacking(self, permit: Permit) -> Entry:
        """The parts that did not grant anything yet."""
        _, breaker, limiter, bulkhead = permit.plan
        limits = slots = None
        if limiter is not None and permit.lease is None:
            limits = LimiterPart(*limiter, limiter[1].target(permit.key), permit.cost)
        if bulkhead is not None and permit.slot is None:
            slots = BulkheadPart(*bulkhead, permit.partition)
        if permit.admission is not UNKNOWN:
            breaker = None
        return Entry(permit.request, permit.started, breaker, limits, slots)

    def _ask_redis(self, permit: Permit) -> None:
        """Ask for a lease, or with it or without it for the rest; as ``SingleSlot.enter``."""
        asked = self._lacking(permit)
        breaker, limits = asked.breaker, asked.limiter
        if limits is not None:
            limiter, plan, target, cost = limits
            if limiter.local:
                limiter.settle(plan, target)
            if plan.leased:
                lease = limiter.lend(plan, target, permit.key, cost)
                if lease is not None and not lease.size:
                    raise limiter.answered(target, cost, lease.statuses).error(limiter.name)
                if lease is not None:
                    permit.lease, asked = lease, asked._replace(limiter=None)
                    if breaker is None and asked.bulkhead is None:
                        return
        single_slot = self._single_slot
        if single_slot is not None:
            granted, report = single_slot.enter(asked)
        elif self._runtime.clustered:
            granted, report = enter_pipelined(self._runtime, asked)
        else:
            single_slot = self._single_slot = SingleSlot(self._runtime, self._target_of.target)
            granted, report = single_slot.enter(asked)
        self._found()
        if breaker is not None:
            permit.admission = granted
            if breaker.plan.leased:
                breaker.breaker.memory.keep(breaker.plan, granted, permit.started)
        if limits is not None and permit.lease is None:
            permit.dimensions, permit.report = target.dimensions, report
            if plan.leased:
                limiter.leases.note(plan, target, permit.key, cost)
        if asked.bulkhead is not None:
            bulkhead, config, partition = asked.bulkhead
            permit.slot = bulkhead.entered(config, partition, permit.request, permit.started)

    def _leave(self, permit: Permit, outcome: Outcome, error: BaseException | None) -> None:
        """Note the end of a call, for all parts at once; what Redis must know is sent soon."""
        plan, slot, started = permit.plan, permit.slot, permit.started
        part, slow, counted = plan.breaker, False, NOT_WANTED
        try:
            taken = self._runtime.clock() - started
            waited = 0.0 if slot is None else slot.waited
            # One tuple for the trails of all parts: a call must not pay for three.
            call: Noted = (
                started,
                waited,
                taken,
                permit.partition,
                outcome,
                permit.key,
                permit.cost,
            )
            if plan.limiter is not None:
                plan.limiter[0].trail.note(call)
            if self.breaker is not None:
                slow = self.breaker.ended(call)
            if part is not None:
                if permit.local or permit.alone is not None:
                    part.breaker.record_local(permit, outcome, slow)
                if not permit.local:
                    counted = outcome_for(permit.admission, outcome)
                if (
                    counted != NOT_WANTED
                    and part.plan.leased
                    and permit.admission.meaning is Meaning.COUNTED
                ):
                    part.breaker.record_soon(
                        permit.request, permit.admission, outcome, slow, part.plan
                    )
                    counted = NOT_WANTED
            if (
                slot is not None
                and not slot.local
                and plan.bulkhead is not None
                and slot.hand_over()
            ):
                bulkhead = plan.bulkhead[0]
                kept = bulkhead.left(slot)
                bulkhead.trail.note(call)
                if not kept or counted != NOT_WANTED:
                    self._send_end(permit, None if kept else slot, counted, slow)
                if not kept:
                    bulkhead.local.wake_up()
                if (
                    counted != NOT_WANTED
                    and part is not None
                    and part.plan.opens_alone
                    and (slow or outcome)
                ):
                    # The next call must know whether this instance opens alone.
                    self._runtime.exits.settle()
            elif counted != NOT_WANTED and part is not None:
                remote, period = part.breaker.remote, permit.admission.period
                try:
                    reply = self._runtime.scripts.run(
                        *remote.result(permit.request, period, counted, slow, part.plan)
                    )
                except REDIS_UNAVAILABLE as lost:
                    reply = lost
                self._ended(part, remote.recorded, reply)
        finally:
            # However the wait ended, the slot of a call that has ended must not be renewed.
            if slot is not None:
                slot.release()
            if self._runtime.hooks.listeners and self.breaker is not None:
                self.breaker.notify_hooks(started, outcome, error)

    def _send_end(self, permit: Permit, slot: Slot | None, counted: int, slow: bool) -> None:
        """Report soon that a call ended, and ``slot`` is free; no caller waits for the reply."""
        single_slot, add = self._single_slot, self._runtime.exits.add
        _, part, _, bulkhead = permit.plan
        slots = None if bulkhead is None else BulkheadPart(*bulkhead, permit.partition)
        entry = Entry(permit.request, permit.started, part, None, slots)
        period = permit.admission.period
        if single_slot is not None and slot is not None and slot.id == permit.request:
            call = single_slot.leave(entry, period, counted, slow, slot.lost)
            add(call, partial(self._ended, part, SingleSlot.happened))
            return
        for call in leave_pipelined(entry, slot, period, counted, slow):
            reported = part if call[0] is BREAKER_RECORD else None
            add(call, partial(self._ended, reported, self._target_of.recorded))

    def _ended(
        self, part: BreakerPart | None, effect: Callable[[Any], Happened], reply: Any
    ) -> None:
        """Redis replied to the end of a call; ``effect`` reads what that did to the breaker."""
        if isinstance(reply, Exception):
            self._lost(reply)
            log.warning("the end of a call of guard %s was not recorded: %s", self.name, reply)
        elif part is not None:
            part.breaker.heard(effect(reply), part.plan)

    def _lost(self, error: Exception) -> None:
        for watch in self._watches:
            watch.lost(error)

    def _found(self) -> None:
        for watch in self._watches:
            if watch.degraded:
                watch.found()
