"""The breaker of one process: decides without Redis, or for an instance that opens alone."""

from __future__ import annotations

import threading

from ..outcome import Outcome
from ..settings import CircuitBreakerConfig
from .machine import BreakerMachine
from .states import Admission, Happened, Refusal, State


class LocalBreaker:
    """A machine behind a lock.

    Attributes:
        alone: it is not closed because this instance opened alone (``min_instances``).
        following: it repeats the last refusal of Redis.
    """

    def __init__(self, config: CircuitBreakerConfig) -> None:
        self._lock = threading.Lock()
        self._machine = BreakerMachine(config)
        self.alone = False
        self.following = False

    def admit(self, now: float, request: str, config: CircuitBreakerConfig) -> Admission | Refusal:
        """See ``BreakerMachine.admit``."""
        with self._lock:
            return self._machine.admit(now, request, config)

    def record(
        self,
        now: float,
        request: str,
        period: int,
        outcome: Outcome,
        slow: bool,
        config: CircuitBreakerConfig,
    ) -> Happened:
        """See ``BreakerMachine.record``."""
        with self._lock:
            happened = self._machine.record(now, request, period, outcome, slow, config)
            if happened is Happened.CLOSED:
                self.alone = False
            return happened

    def open_alone(self, now: float, config: CircuitBreakerConfig) -> None:
        """Open for this instance."""
        with self._lock:
            if self._machine.state is State.CLOSED:
                self._machine.trip(now, "alone", config)
            self.alone = True

    def follow(self, now: float, refusal: Refusal, config: CircuitBreakerConfig) -> None:
        """Remember a refusal of Redis."""
        with self._lock:
            self._machine.follow(now, refusal, config)
            self.following = True

    def forget(self, config: CircuitBreakerConfig) -> None:
        """Start anew: Redis admits calls."""
        with self._lock:
            self._machine = BreakerMachine(config)
            self.following = self.alone = False

    def snapshot(self, now: float) -> BreakerMachine:
        """The machine, for reading; its values may be a moment old."""
        return self._machine
