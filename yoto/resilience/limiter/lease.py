"""Units of one key that were paid for in Redis, and are used in the memory of one worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .dimensions import DimensionPlan, LimiterTarget
from .remote import Lent, statuses_of
from .result import DimensionStatus, RateLimitResult, result_of

# Share of its time for which a lease is used: clocks differ by less than the rest.
USED_FOR = 0.99


class Lease:
    """Permits that may be used until ``until``. Safe for threads: each is taken by one ``pop``.

    Attributes:
        plan, target: the charged plan and keys.
        size: units that were charged and not given back, the call at hand included.
        taken_at: a moment before Redis was asked, seconds of the runtime's clock. The server's own
            count of the time began later, so that it ends here first.
        until: when permits are no longer used, on the same clock.
        lent: the reply of Redis.
        others: workers beside this one, which may use the same key.
        texts: the parts of headers that stay the same, once they were made.
    """

    __slots__ = (
        "_permits",
        "_statuses",
        "lent",
        "others",
        "plan",
        "size",
        "taken_at",
        "target",
        "texts",
        "until",
    )

    def __init__(
        self,
        plan: DimensionPlan,
        target: LimiterTarget,
        cost: int,
        taken_at: float,
        lent: Lent,
        others: int = 0,
    ) -> None:
        """``cost``: units of the call at hand, which are used already."""
        self.plan = plan
        self.target = target
        self.size = lent.units
        self.taken_at = taken_at
        self.until = taken_at + USED_FOR * lent.seconds
        self.lent = lent
        self.others = others
        self._permits: list[None] = [None] * max(0, lent.units - cost)
        self.texts: tuple[str, list[str]] | None = None
        self._statuses: tuple[DimensionStatus, ...] | None = None

    @property
    def left(self) -> int:
        """Permits that are not used yet."""
        return len(self._permits)

    @property
    def statuses(self) -> tuple[DimensionStatus, ...]:
        """The state of the dimensions when it was taken."""
        if self._statuses is None:
            self._statuses = statuses_of(self.target.dimensions, self.lent.report)
        return self._statuses

    def take(self, cost: int) -> bool:
        """Use permits; whether there were as many."""
        permits = self._permits
        taken = 0
        try:
            while taken < cost:
                permits.pop()
                taken += 1
        except IndexError:
            permits.extend([None] * taken)
            return False
        return True

    def put_back(self, cost: int) -> bool:
        """Take back permits that were not needed after all; never more than were used of it."""
        if self.left + cost > self.size:
            return False
        self._permits.extend([None] * cost)
        return True

    def drain(self) -> int:
        """Take all unused permits out of the lease, to remain unused; returns their number."""
        permits = self._permits
        taken = 0
        try:
            while True:
                permits.pop()
                taken += 1
        except IndexError:
            self.size -= taken
            return taken


@dataclass(slots=True)
class LeaseView:
    """A call's view of the lease that admitted it; as an iterable, the status of each dimension.

    Attributes:
        lease: the lease.
        left: its unused permits then.
        at: when, seconds of the runtime's clock.
    """

    lease: Lease
    left: int
    at: float

    def __iter__(self) -> Iterator[DimensionStatus]:
        """The certain part: the rest of the lease, and for a single worker the rest of all quota
        when it was taken. With other workers it is unknown whether more than the lease is
        left."""
        lease, left = self.lease, self.left
        elapsed, shared = self.at - lease.taken_at, lease.others > 0
        for name, limit, window, remaining, reset_after, _, step in lease.statuses:
            yield DimensionStatus(
                name,
                limit,
                window,
                left if shared else left + remaining,
                max(0.0, reset_after - elapsed),
                0.0,
                None if shared else step,
            )

    def result(self) -> RateLimitResult:
        """The result of a hit."""
        return result_of(tuple(self))
