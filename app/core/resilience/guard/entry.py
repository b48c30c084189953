"""One attempt to enter a guard: which parts it has, and what each needs."""

from __future__ import annotations

from typing import NamedTuple

from ..breaker import CircuitBreaker
from ..breaker.plan import BreakerPlan
from ..breaker.states import Admission
from ..bulkhead import Bulkhead
from ..limiter import Key, RateLimiter
from ..limiter.dimensions import DimensionPlan, Target
from ..limiter.lease import Lease
from ..settings import BulkheadConfig


class BreakerPart(NamedTuple):
    """A breaker that is not switched off, its configuration, and what its twin said if this
    instance opened alone."""

    breaker: CircuitBreaker
    plan: BreakerPlan
    alone: Admission | None


class LimiterPart(NamedTuple):
    """A limiter, its configuration, whom this call is counted for, and on what."""

    limiter: RateLimiter
    plan: DimensionPlan
    target: Target
    cost: int
    key: Key = None


class BulkheadPart(NamedTuple):
    """A bulkhead, its configuration, and whose slots."""

    bulkhead: Bulkhead
    config: BulkheadConfig
    partition: str


class Entry(NamedTuple):
    """An attempt.

    Attributes:
        request: its id; the same when a lost call is sent again.
        since: when it began, seconds of the runtime's clock.
        lease: what lets it in at the limiter without asking.
    """

    request: str
    since: float
    breaker: BreakerPart | None
    limiter: LimiterPart | None
    bulkhead: BulkheadPart | None
    lease: Lease | None = None

    def asked(self) -> Entry:
        """The parts that memory did not let in."""
        return self if self.lease is None else self._replace(limiter=None)

    @property
    def nobody(self) -> bool:
        """Whether no part is to be asked for."""
        return self.breaker is None and self.limiter is None and self.bulkhead is None

    def put_back(self) -> None:
        """Give back what memory gave: another part refused."""
        if self.lease is not None and self.limiter is not None:
            self.lease.put_back(self.limiter.cost)
