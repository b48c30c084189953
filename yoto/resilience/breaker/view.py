"""Snapshots of a breaker, from Redis and from the local twin."""

from __future__ import annotations

from typing import Any, Protocol

from ..settings import BreakerMode
from ..store_error import StoreWatch
from .local import LocalBreaker
from .plan import MICRO, BreakerPlan
from .states import BreakerState, State
from .windows import Counts


class Looked(Protocol):
    """The part of a snapshot that comes from the breaker object of this process."""

    name: str
    rejected: int
    store: StoreWatch

    @property
    def local(self) -> LocalBreaker: ...

    @property
    def needs_local(self) -> bool: ...


def remote_state(breaker: Looked, plan: BreakerPlan, reply: list[Any]) -> BreakerState:
    """From the reply of ``breaker_look.lua``."""
    state, period, until, reason, opens, streak, calls, failures, slow, probes, succeeded = reply
    return _state(
        breaker,
        plan,
        State(state.decode()),
        Counts(calls, failures, slow),
        period=period,
        reason=reason.decode(),
        until=until / MICRO,
        opens=opens,
        consecutive_failures=streak,
        probes=probes,
        probes_succeeded=succeeded,
    )


def local_state(breaker: Looked, plan: BreakerPlan, now: float) -> BreakerState:
    """From the twin."""
    machine = breaker.local.snapshot(now)
    return _state(
        breaker,
        plan,
        machine.state,
        machine.counts(now),
        period=machine.period,
        reason=machine.reason,
        until=max(0.0, machine.until - now),
        opens=machine.opens,
        consecutive_failures=machine.streak,
        probes=machine.probes(now),
        probes_succeeded=machine.succeeded,
    )


def _state(
    breaker: Looked,
    plan: BreakerPlan,
    state: State,
    counts: Counts,
    *,
    until: float,
    **rest: Any,
) -> BreakerState:
    forced = state in (State.ISOLATED, State.DISABLED)
    if forced and not until:
        # The next call finds it closed; a lack of calls does not keep it forced for longer.
        state, forced = State.CLOSED, False
    if plan.config.mode is BreakerMode.DISABLED:
        state = State.DISABLED
    elif plan.config.mode is BreakerMode.METRICS_ONLY and not forced:
        state = State.METRICS_ONLY
    health = breaker.store.health()
    defined = counts.calls >= plan.config.minimum_calls
    return BreakerState(
        name=breaker.name,
        state=state,
        calls=counts.calls,
        failures=counts.failures,
        slow_calls=counts.slow,
        failure_rate=100 * counts.failures / counts.calls if defined else None,
        slow_call_rate=100 * counts.slow / counts.calls if defined else None,
        success_threshold=plan.config.success_threshold,
        rejected=breaker.rejected,
        degraded=health.degraded,
        store_errors=health.store_errors,
        answered_locally=health.answered_locally,
        opened_alone=breaker.needs_local and breaker.local.alone,
        until=until,
        **rest,
    )
