"""An attempt to enter a guard, and once it is admitted the right to make one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ..breaker.states import Admission, Meaning
from ..leases import Slot
from ..limiter import DimensionStatus, Key, RateLimitResult
from ..limiter.dimensions import CountedDimension
from ..limiter.lease import Lease, LeaseView
from ..limiter.remote import statuses_of
from ..limiter.result import result_of
from ..outcome import ANY_EXCEPTION, Outcome, give_back
from .entry import Plan

# Takes the permit, the outcome, and the exception behind it.
Give = Callable[["Permit", Outcome, BaseException | None], None]

NOT_ASKED = Admission(0, Meaning.UNWANTED)
# The admission of a call whose breaker has yet to be asked.
UNKNOWN = Admission(-1, Meaning.UNWANTED)


@dataclass(slots=True, eq=False)
class Permit:
    """Give it back once, with the call's outcome; giving it back again does nothing.

    As a context manager it counts any ``Exception`` as a failure. Until the guard has admitted it,
    it holds what memory or Redis granted so far: an admission, a lease, a slot.

    Attributes:
        plan: the configurations of the parts.
        started: when it came or, if it waited for a slot, when that ended; seconds of the runtime's
            clock.
        key, cost: the caller for the rate limit, and its units.
        partition: the partition of the bulkhead.
        request: its id; empty while nobody was asked.
        admission: the reply of the breaker.
        local: it is the reply of the breaker's twin, without Redis.
        alone: see ``BreakerPermit``.
        lease: admits it at the limiter.
        slot: the bulkhead's slot; ``None`` without a bulkhead.
        dimensions, report: the reply of the limiter's script, or of its twin, without a lease.
    """

    _give: Give | None
    plan: Plan
    started: float
    key: Key = None
    cost: int = 1
    partition: str = ""
    request: str = ""
    admission: Admission = UNKNOWN
    local: bool = False
    alone: Admission | None = None
    lease: Lease | None = None
    slot: Slot | None = None
    dimensions: Sequence[CountedDimension] = ()
    report: bytes | tuple[DimensionStatus, ...] = b""

    @property
    def limits(self) -> RateLimitResult | None:
        """The result of the rate limit; ``None`` without one."""
        statuses = tuple(self.statuses())
        local = self.lease is None and not isinstance(self.report, bytes)
        return result_of(statuses, local) if statuses else None

    def statuses(self) -> Iterable[DimensionStatus]:
        """The status of each dimension, for headers."""
        if self.lease is not None:
            return LeaseView(self.lease, self.lease.left, self.started)
        if not isinstance(self.report, bytes):
            return self.report
        return statuses_of(self.dimensions, self.report)

    def refund(self) -> None:
        """Refund the charge of the rate limit: the call does not run."""
        if self.plan.limiter is not None:
            self.plan.limiter[0].refund(self.key, self.cost)

    def exit(self, outcome: Outcome, error: BaseException | None = None) -> None:
        """Report the outcome of the call, and to hooks its exception; never raises."""
        give, self._give = self._give, None
        give_back(give, self, outcome, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.exit(ANY_EXCEPTION.of_end(error), error)
