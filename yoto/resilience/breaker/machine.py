"""The state machine of a circuit breaker in memory: values, no clock, no lock, no Redis.

Source: M. Nygard, "Release It!", 2007, with the half-open rules of resilience4j and period numbers
against late results. ``lua/breaker*.lua`` is the same machine for a fleet; both pass one contract
suite. This one decides while Redis is unavailable, and for an instance that opens alone.
"""

from __future__ import annotations

from collections.abc import Callable

from ..outcome import Outcome
from ..settings import BreakerMode, CircuitBreakerConfig
from .states import Admission, Happened, Meaning, Refusal, State
from .windows import Counts, new_window

OnTransition = Callable[[State, State, str], None]


def _ignore_transition(old: State, new: State, reason: str) -> None:
    return None


def opening_reason(config: CircuitBreakerConfig, counts: Counts, streak: int) -> str | None:
    """The reason for which the counts open the breaker, or ``None``."""
    if 0 < config.consecutive_failures <= streak:
        return "consecutive_failures"
    if counts.calls < config.minimum_calls:
        return None
    if counts.failures * 100 >= config.failure_rate_threshold * counts.calls:
        return "failure_rate"
    if counts.slow * 100 >= config.slow_call_rate_threshold * counts.calls:
        return "slow_call_rate"
    return None


def open_time(config: CircuitBreakerConfig, opens: int) -> float:
    """Seconds to stay open the ``opens``-th time in a row (from 1)."""
    longest = config.recovery_timeout_max
    try:
        return min(config.recovery_timeout * config.recovery_backoff ** (opens - 1), longest)
    except OverflowError:
        return longest


class BreakerMachine:
    """One breaker. ``now`` is seconds of any clock that only grows."""

    def __init__(
        self, config: CircuitBreakerConfig, on_transition: OnTransition = _ignore_transition
    ) -> None:
        self._on_transition = on_transition
        self.state = State.CLOSED
        self.period = 0
        self.reason = ""
        self.until = 0.0
        self.opens = 0
        self.streak = 0
        self.succeeded = 0
        self._probes: dict[str, float] = {}
        self._shape = (config.window_type, config.window_size)
        self._window = new_window(config)

    def admit(self, now: float, request: str, config: CircuitBreakerConfig) -> Admission | Refusal:
        """Admit a call or give the time to wait; a repeated request gets its own probe again."""
        if self.state is State.ISOLATED:
            if now < self.until:
                return Refusal(self.until - now, isolated=True)
            self._turn(State.CLOSED, 0.0, "isolated_expired", config)
        if self.state is State.CLOSED or config.mode is BreakerMode.METRICS_ONLY:
            return Admission(self.period, Meaning.COUNTED)
        if self.state is State.OPEN:
            if now < self.until:
                return Refusal(self.until - now)
            self._turn(State.HALF_OPEN, 0.0, "recovery_timeout", config)
        self._probes = {probe: end for probe, end in self._probes.items() if end > now}
        if request not in self._probes and len(self._probes) >= config.half_open_max_calls:
            return Refusal(min(self._probes.values()) - now)
        self._probes[request] = now + config.probe_lease
        return Admission(self.period, Meaning.PROBE)

    def record(
        self,
        now: float,
        request: str,
        period: int,
        outcome: Outcome,
        slow: bool,
        config: CircuitBreakerConfig,
    ) -> Happened:
        """Take the result of a call that was admitted in ``period``."""
        if period != self.period or self.state is State.ISOLATED:
            return Happened.IGNORED
        metrics_only = config.mode is BreakerMode.METRICS_ONLY
        if self.state is State.HALF_OPEN and not metrics_only:
            return self._record_probe(now, request, outcome, config)
        if outcome is Outcome.IGNORED or (self.state is State.OPEN and not metrics_only):
            return Happened.IGNORED
        failed = outcome is Outcome.FAILURE
        if self._shape != (config.window_type, config.window_size):
            self._shape = (config.window_type, config.window_size)
            self._window = new_window(config)
        self._window.add(now, failed, slow)
        self.streak = self.streak + 1 if failed else 0
        reason = opening_reason(config, self.counts(now), self.streak)
        if reason is None or metrics_only:
            return Happened.COUNTED
        self.trip(now, reason, config)
        return Happened.OPENED

    def counts(self, now: float) -> Counts:
        """The counts in the window."""
        return self._window.counts(now)

    def probes(self, now: float) -> int:
        """Probes that run now."""
        return sum(end > now for end in self._probes.values())

    def follow(self, now: float, refusal: Refusal, config: CircuitBreakerConfig) -> None:
        """Take over Redis's last state, so that losing Redis admits no call that it refused."""
        state = State.ISOLATED if refusal.isolated else State.OPEN
        self.opens = max(1, self.opens)
        self._turn(state, now + refusal.wait, "as redis said", config)

    def trip(self, now: float, reason: str, config: CircuitBreakerConfig) -> None:
        """Open."""
        self.opens += 1
        self._turn(State.OPEN, now + open_time(config, self.opens), reason, config)

    def _record_probe(
        self, now: float, request: str, outcome: Outcome, config: CircuitBreakerConfig
    ) -> Happened:
        if outcome is Outcome.FAILURE:
            self.trip(now, "probe_failed", config)
            return Happened.OPENED
        known = self._probes.pop(request, None) is not None
        if outcome is Outcome.IGNORED:
            return Happened.COUNTED
        if config.success_threshold > 1:
            if not known:
                # Its lease ended, so that another may have counted in its place.
                return Happened.IGNORED
            self.succeeded += 1
            if self.succeeded < config.success_threshold:
                return Happened.COUNTED
        self._turn(State.CLOSED, 0.0, "probe_succeeded", config)
        return Happened.CLOSED

    def _turn(self, state: State, until: float, reason: str, config: CircuitBreakerConfig) -> None:
        old, self.state = self.state, state
        self.period += 1
        self.until = until
        self.reason = reason
        self.streak = self.succeeded = 0
        self._probes = {}
        if state is not State.OPEN:
            # The counts that opened it stay for inspection.
            self._window = new_window(config)
        if state is State.CLOSED:
            self.opens = 0
        self._on_transition(old, state, reason)
