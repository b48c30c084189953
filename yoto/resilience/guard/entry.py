"""One attempt to enter a guard: its parts, and their arguments."""

from __future__ import annotations

from typing import NamedTuple

from ..breaker import CircuitBreaker
from ..breaker.plan import BreakerPlan
from ..breaker.states import Admission
from ..bulkhead import Bulkhead
from ..leases import Slot
from ..limiter import Key, RateLimiter
from ..limiter.dimensions import DimensionPlan, LimiterTarget
from ..limiter.lease import Lease
from ..settings import BulkheadConfig


class BreakerPart(NamedTuple):
    """A breaker that is not switched off, its configuration, and the reply of its twin if this
    instance opened alone."""

    breaker: CircuitBreaker
    plan: BreakerPlan
    alone: Admission | None


class LimiterPart(NamedTuple):
    """A limiter, its configuration, the caller that this call counts for, and its keys."""

    limiter: RateLimiter
    plan: DimensionPlan
    target: LimiterTarget
    cost: int
    key: Key = None


class BulkheadPart(NamedTuple):
    """A bulkhead, its configuration, and the partition."""

    bulkhead: Bulkhead
    config: BulkheadConfig
    partition: str


class Entry(NamedTuple):
    """An attempt.

    Attributes:
        request: its id; the same when a lost call is sent again.
        since: when it began, seconds of the runtime's clock.
        lease: admits it at the limiter without a round trip.
        admission: admits it at the breaker without a round trip.
        spare: admits it at the bulkhead without a round trip.
    """

    request: str
    since: float
    breaker: BreakerPart | None
    limiter: LimiterPart | None
    bulkhead: BulkheadPart | None
    lease: Lease | None = None
    admission: Admission | None = None
    spare: Slot | None = None

    @property
    def known(self) -> bool:
        """Whether memory admitted it at every part, so that no round trip is needed."""
        return (
            (self.admission is not None or self.breaker is None)
            and (self.lease is not None or self.limiter is None)
            and (self.spare is not None or self.bulkhead is None)
        )

    def asked(self) -> Entry:
        """The parts that memory did not admit."""
        if self.lease is None and self.admission is None and self.spare is None:
            return self
        return Entry(
            self.request,
            self.since,
            self.breaker if self.admission is None else None,
            self.limiter if self.lease is None else None,
            self.bulkhead if self.spare is None else None,
        )

    def put_back(self) -> None:
        """Give back the units and slots from memory: another part refused."""
        if self.lease is not None and self.limiter is not None:
            self.lease.put_back(self.limiter.cost)
        if self.spare is not None and self.bulkhead is not None:
            self.bulkhead.bulkhead.spares.put_back(self.bulkhead.config, self.spare)
