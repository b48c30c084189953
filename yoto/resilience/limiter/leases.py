"""The leases of one rate limit in one worker, by key."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from yoto.redis import REDIS_UNAVAILABLE

from ..deferred import Deferred
from ..process import current_pid
from .dimensions import DimensionPlan, Key, LimiterTarget
from .lease import Lease
from .remote import Lent, RemoteLimiter

log = logging.getLogger(__name__)

# Keys. Beyond them the oldest leases are given back.
MOST_LEASES = 10_000
# A lease is given back when this part of its time is over: soon enough for Redis to take it.
GIVEN_BACK_AT = 0.75
# s between checks for leases to give back, at most.
LOOK_EVERY = 0.25
# Units of one lease. At 1,000 a round trip is a thousandth of each call.
LARGEST_LEASE = 1_000
# Factor on the used units of the last lease: a burst is met in a few leases, and a lease that is
# not used after all is small.
GROWTH = 4


def units_wanted(used: int, elapsed: float, length: float) -> int:
    """Units that a key will use in ``length`` seconds if it goes on as in ``elapsed``."""
    if used <= 0:
        return 1
    if elapsed * GROWTH <= length:
        return min(LARGEST_LEASE, used * GROWTH)
    return max(1, min(LARGEST_LEASE, math.ceil(used * min(GROWTH, length / elapsed))))


class Leases:
    """Admits from memory by paid units, and gives unused ones back.

    Attributes:
        leased: units that were charged by leases, ever.
        returned: those that Redis took back unused.
        wasted: those that ran out unused.
    """

    def __init__(
        self,
        remote: RemoteLimiter,
        clock: Callable[[], float],
        deferred: Deferred,
        instances: Callable[[], int],
    ) -> None:
        """``deferred`` runs the returns of units; ``instances`` gives the number of workers."""
        self._remote = remote
        self._clock = clock
        self._instances = instances
        self._look_soon = deferred.job(self._look)
        self._reset()

    def _reset(self) -> None:
        self.leased = self.returned = self.wasted = 0
        self._lock = threading.Lock()
        self._leases: dict[Key, Lease] = {}
        self._over: list[Lease] = []
        # Set last: a thread that sees it finds nothing of the parent's.
        self._pid = current_pid()

    def _notice_fork(self) -> None:
        if self._pid != current_pid():
            self._reset()  # units that the parent paid for are the parent's

    def take(self, plan: DimensionPlan, key: Key, cost: int) -> Lease | None:
        """The lease that admits a call; ``None``: ask Redis."""
        self._notice_fork()
        lease = self._leases.get(key)
        if (
            lease is None
            or lease.plan is not plan
            or self._clock() >= lease.until
            or not lease.take(cost)
        ):
            return None
        return lease

    def wanted(self, plan: DimensionPlan, key: Key, cost: int) -> int:
        """Units to ask Redis for; as many as the call costs: no lease."""
        self._notice_fork()
        lease = self._leases.get(key)
        if lease is None or lease.plan is not plan:
            return cost
        elapsed = self._clock() - lease.taken_at
        return cost * units_wanted((lease.size - lease.left) // cost, elapsed, plan.lease_length)

    def lend(
        self,
        plan: DimensionPlan,
        target: LimiterTarget,
        key: Key,
        cost: int,
        wanted: int,
        request: str,
    ) -> Lease:
        """Charge ``wanted`` units or fewer, and keep those that the call does not use.

        Returns:
            The lease; of size 0 when Redis refused.

        Raises:
            StoreUnavailable, RedisError: the errors of script calls.
        """
        # Other calls that come meanwhile ask for themselves alone.
        with self._lock:
            old = self._leases.pop(key, None)
        asked_at = self._clock()
        lent = self._remote.lend(plan, target, cost, wanted, request)
        lease = Lease(plan, target, cost, asked_at, lent, self._instances() - 1)
        if lease.left:
            self.leased += lease.size
            self._look_soon(min(LOOK_EVERY, GIVEN_BACK_AT * lease.lent.seconds))
        self._give_back([*self._keep(key, lease), *([] if old is None else [old])])
        return lease

    def note(self, plan: DimensionPlan, target: LimiterTarget, key: Key, cost: int) -> None:
        """Note that Redis admitted a single call, which shows the next one the pace."""
        known = self._leases.get(key)
        if known is None or not known.left or known.plan is not plan:
            single = Lent(cost, 0.0, b"", ())
            self._give_back(self._keep(key, Lease(plan, target, cost, self._clock(), single)))

    def _keep(self, key: Key, lease: Lease) -> list[Lease]:
        """Put a lease in place; returns those that must be given back for it."""
        self._notice_fork()
        with self._lock:
            # Re-inserted last, so that the first is the oldest.
            old = [self._leases.pop(key)] if key in self._leases else []
            self._leases[key] = lease
            if len(self._leases) > MOST_LEASES:
                old.append(self._leases.pop(next(iter(self._leases))))
            return old

    def put_back(self, key: Key, cost: int) -> bool:
        """Take back the unused units of a call; False when its lease is over."""
        self._notice_fork()
        lease = self._leases.get(key)
        return (
            lease is not None
            and lease.lent.seconds > 0
            and self._clock() < lease.until
            and lease.put_back(cost)
        )

    def clear(self) -> None:
        """Give all back: the limit changed, was reset, or the process ends."""
        self._notice_fork()
        with self._lock:
            leases, self._leases = list(self._leases.values()), {}
        self._give_back(leases)

    def clear_soon(self) -> None:
        """As ``clear``, for a caller that must not wait for Redis: no lease is used from now on."""
        self._notice_fork()
        with self._lock:
            leases, self._leases = list(self._leases.values()), {}
            self._over += leases
        if leases:
            self._look_soon(0.0)

    def counts(self) -> dict[str, int]:
        """The fate of the units; empty while none was leased."""
        if not self.leased:
            return {}
        return {"leased": self.leased, "returned": self.returned, "wasted": self.wasted}

    def _look(self) -> float | None:
        """Give back units that will stay unused; seconds until the next look."""
        self._notice_fork()
        with self._lock:
            cleared, self._over = self._over, []
        now = self._clock()
        live = [lease for lease in list(self._leases.values()) if lease.left]
        over = [
            lease
            for lease in live
            if now >= lease.taken_at + GIVEN_BACK_AT * (lease.until - lease.taken_at)
        ]
        self._give_back([*cleared, *over])
        return LOOK_EVERY if len(live) > len(over) else None

    def _give_back(self, leases: list[Lease]) -> None:
        """Give back the unused units of these leases."""
        unused = [(lease, units) for lease in leases for units in [lease.drain()] if units]
        if not unused:
            return
        try:
            given = self._remote.give_lent(unused)
        except REDIS_UNAVAILABLE as error:
            log.debug("units of leases run out unused: %s", error)
            given = [False] * len(unused)
        for (_, units), back in zip(unused, given, strict=True):
            if back:
                self.returned += units
            else:
                self.wasted += units
