"""The right to make one guarded call."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..breaker.states import Admission, Meaning
from ..leases import Slot
from ..limiter import DimensionStatus, RateLimitResult
from ..limiter.lease import LeaseView
from ..limiter.remote import statuses_of
from ..limiter.result import result_of
from ..outcome import ANY_EXCEPTION, Outcome, give_back
from .entry import Entry

# Takes the permit, the outcome, and the exception behind it.
Give = Callable[["Permit", Outcome, BaseException | None], None]

NOT_ASKED = Admission(0, Meaning.UNWANTED)


class Permit:
    """Give it back once, with the call's outcome; giving it back again does nothing.

    As a context manager it counts any ``Exception`` as a failure.

    Attributes:
        entry: the attempt that led to it.
        admission: the reply of the breaker.
        local: it is the reply of the breaker's twin, without Redis.
        slot: the bulkhead's slot; ``None`` without a bulkhead.
    """

    __slots__ = ("_give", "_limits", "admission", "entry", "local", "slot")

    def __init__(
        self,
        give: Give,
        entry: Entry,
        admission: Admission,
        slot: Slot | None,
        limits: bytes | tuple[DimensionStatus, ...] = b"",
        local: bool = False,
    ) -> None:
        """``limits``: the report of the limiter's script, or of its twin."""
        self._give: Give | None = give
        self._limits = limits
        self.entry = entry
        self.admission = admission
        self.slot = slot
        self.local = local

    @property
    def request(self) -> str:
        """Id of the request."""
        return self.entry.request

    @property
    def started(self) -> float:
        """When the call was admitted, seconds of the runtime's clock."""
        return self.entry.since

    @property
    def alone(self) -> Admission | None:
        """See ``BreakerPermit``."""
        part = self.entry.breaker
        return None if part is None else part.alone

    @property
    def limits(self) -> RateLimitResult | None:
        """The result of the rate limit; ``None`` without one."""
        statuses = self.statuses()
        local = self.entry.lease is None and not isinstance(self._limits, bytes)
        return result_of(statuses, local) if statuses else None

    def statuses(self) -> tuple[DimensionStatus, ...]:
        """The status of each dimension, for headers."""
        part, lease = self.entry.limiter, self.entry.lease
        if lease is not None:
            return LeaseView(lease, lease.left, self.started).statuses()
        if not isinstance(self._limits, bytes):
            return self._limits
        if part is None or not self._limits:
            return ()
        return statuses_of(part.target.dimensions, self._limits)

    def refund(self) -> None:
        """Refund the charge of the rate limit: the call does not run."""
        part = self.entry.limiter
        if part is not None:
            part.limiter.refund(part.key, part.cost)

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
