"""Guards of an application that has them switched off: they admit every call at once.

For tests of functions that have guards. Each has the numbers and results of the guard that it
stands for, as if nothing had ever been used; or, while a test has it ``refuse``, as if everything
had.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from yoto.errors import CircuitOpen

from .breaker import BreakerPermit, CircuitBreaker
from .bulkhead import Bulkhead
from .degradation import Degradation
from .guard import Guard, Permit
from .guard.entry import Plan
from .guard.permit import NOT_ASKED
from .leases import Slot
from .limiter import DimensionStatus, Key, RateLimiter, RateLimitResult
from .limiter.limiter import RESET_WITHIN, check_units
from .limiter.result import result_of
from .runtime import Runtime
from .settings import BreakerMode, CircuitBreakerConfig, DegradationLevel
from .store_error import RETRY_AFTER

_OPEN_TO_ALL = CircuitBreakerConfig(mode=BreakerMode.DISABLED)


class OffBreaker(CircuitBreaker):
    """Is ``disabled``; hooks are notified."""

    refuses = False

    def __init__(
        self, name: str, get_config: Callable[[], CircuitBreakerConfig], runtime: Runtime
    ) -> None:
        """``get_config`` is ignored."""
        super().__init__(name, lambda: _OPEN_TO_ALL, runtime)

    def allow(self) -> BreakerPermit:
        self.check()
        return super().allow()

    def check(self) -> None:
        """Raises ``CircuitOpen`` where it refuses."""
        if self.refuses:
            self.rejected += 1
            raise CircuitOpen(self.name, RETRY_AFTER)


class OffLimiter(RateLimiter):
    """Has used nothing, ever."""

    refuses = False

    def ask(self, key: Key = None, cost: int = 1) -> RateLimitResult:
        found = self.peek(key, cost)
        self.passed += found.allowed
        self.rejected += not found.allowed
        return found

    def peek(self, key: Key = None, cost: int = 1) -> RateLimitResult:
        check_units("cost", cost)
        return result_of(
            tuple(
                DimensionStatus(
                    name=item.name,
                    limit=item.quota.limit,
                    window=item.quota.window,
                    remaining=0 if self.refuses else item.quota.capacity,
                    reset_after=item.quota.window if self.refuses else 0.0,
                    retry_after=item.quota.window if self.refuses else 0.0,
                )
                for item in self.plan.target(key).dimensions
            )
        )

    def refund(self, key: Key = None, cost: int = 1) -> None:
        check_units("cost", cost)

    def reset(self, key: Key = None) -> None:
        self.plan.target(key)

    def reset_all(self, seconds: float = RESET_WITHIN) -> bool:
        return True

    def keep_soon(self) -> None:
        """Nothing is used."""


class OffBulkhead(Bulkhead):
    """Has a slot for everybody."""

    refuses = False

    def acquire(self, timeout: float | None = None, partition: str = "") -> Slot:
        if self.refuses:
            self.rejected += 1
            raise self.full(self.get_config())
        self.passed += 1
        clock, request = self._runtime.clock, self._runtime.request_id()
        # Local, and for ever: it is never renewed.
        return Slot(_given_back, clock, request, partition, math.inf, True, clock())


class OffGuard(Guard):
    """Its parts in turn."""

    breaker: OffBreaker | None

    def enter(
        self, key: Key = None, cost: int = 1, partition: str = "", wait: float | None = None
    ) -> Permit:
        runtime = self._runtime
        permit = Permit(self._leave, Plan(), runtime.clock(), key, cost, partition)
        permit.admission = NOT_ASKED
        if self.breaker is not None:
            self.breaker.check()
        if self.limiter is not None:
            found = self.limiter.hit(key, cost)
            if not found.allowed:
                raise found.error(self.name)
            permit.report = found.dimensions
        if self.bulkhead is not None:
            permit.slot = self.bulkhead.acquire(partition=partition)
        if runtime.hooks.listeners and self.breaker is not None:
            runtime.hooks.let_in(self.name, permit.exit)
        return permit


class OffDegradation(Degradation):
    """No feature is degraded; the fallbacks of a function that fails work as ever."""

    def _sources(self, name: str) -> dict[str, DegradationLevel]:
        return {}


def _given_back(slot: Slot) -> bool:
    return True
