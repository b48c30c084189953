"""Pictures of a breaker, from Redis and from the local twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..settings import BreakerMode
from .plan import MICRO, BreakerPlan
from .states import BreakerState, State
from .windows import Counts

if TYPE_CHECKING:
    from .breaker import CircuitBreaker


def remote_state(breaker: CircuitBreaker, plan: BreakerPlan, reply: list[Any]) -> BreakerState:
    """From the reply of ``breaker_look.lua``."""
    state, period, until, reason, opens, streak, calls, failures, slow, probes = reply
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
    )


def local_state(breaker: CircuitBreaker, plan: BreakerPlan, now: float) -> BreakerState:
    """From the twin."""
    machine = breaker.local.picture(now)
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
    )


def _state(
    breaker: CircuitBreaker, plan: BreakerPlan, state: State, counts: Counts, **rest: Any
) -> BreakerState:
    forced = state in (State.ISOLATED, State.DISABLED)
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
        rejected=breaker.rejected,
        degraded=health.degraded,
        store_errors=health.store_errors,
        answered_locally=health.answered_locally,
        opened_alone=breaker.needs_local and breaker.local.alone,
        **rest,
    )
