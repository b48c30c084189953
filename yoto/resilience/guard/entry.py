"""The parts of one attempt to enter a guard, and what it asks of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..breaker import CircuitBreaker
from ..breaker.plan import BreakerPlan
from ..bulkhead import Bulkhead
from ..limiter import RateLimiter
from ..limiter.dimensions import DimensionPlan, LimiterTarget
from ..settings import BulkheadConfig


class BreakerPart(NamedTuple):
    """A breaker that is not switched off, and its configuration."""

    breaker: CircuitBreaker
    plan: BreakerPlan


class LimiterPart(NamedTuple):
    """A limiter, its configuration, the keys that this call counts on, and its units."""

    limiter: RateLimiter
    plan: DimensionPlan
    target: LimiterTarget
    cost: int


class BulkheadPart(NamedTuple):
    """A bulkhead, its configuration, and the partition."""

    bulkhead: Bulkhead
    config: BulkheadConfig
    partition: str


class Plan(NamedTuple):
    """The parts of a guard, each with its configuration, for as long as none of these changes.

    Attributes:
        made_of: the readers of the configurations, each with what it gave.
        breaker: None where there is none, or it is switched off.
        limiter, bulkhead: None where there is none.
    """

    made_of: tuple[tuple[Callable[[], Any], Any], ...] = ()
    breaker: BreakerPart | None = None
    limiter: tuple[RateLimiter, DimensionPlan] | None = None
    bulkhead: tuple[Bulkhead, BulkheadConfig] | None = None


class Entry(NamedTuple):
    """The parts that memory did not admit, which an attempt asks Redis for, or the twins.

    Attributes:
        request: its id; the same when a lost call is sent again.
        since: when it began, seconds of the runtime's clock.
    """

    request: str
    since: float
    breaker: BreakerPart | None
    limiter: LimiterPart | None
    bulkhead: BulkheadPart | None
