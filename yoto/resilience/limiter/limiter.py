"""The rate limiter that applications use."""

from __future__ import annotations

import logging
from collections.abc import Callable

from yoto.events import Event, event_type
from yoto.redis import REDIS_UNAVAILABLE
from yoto.rules import Whole, checked

from ..outcome import Outcome
from ..runtime import Derived, Runtime
from ..settings import OnStoreError, RateLimitConfig
from ..store_error import RETRY_AFTER, StoreWatch
from ..trail import REFUSED, Trail
from .denials import DenialMemory
from .dimensions import DimensionPlan, Key, LimiterTarget
from .lease import Lease, LeaseView
from .leases import Leases
from .local import LocalLimiter
from .remote import RemoteLimiter
from .result import DimensionStatus, RateLimitResult, result_of

log = logging.getLogger(__name__)

# Units. No limit is larger.
LARGEST_COST = 1_000_000_000
_UNITS = Whole(1, LARGEST_COST, says=f"a whole number from 1 to {LARGEST_COST}")
# Seconds. A request waits for it.
RESET_WITHIN = 5.0
# Seconds until the next try, without Redis.
KEPT_AGAIN_AFTER = 1.0


@event_type("rate_limit.reset")
class RateLimitReset(Event, frozen=True, kw_only=True):
    """A key of a limit was reset; every process forgets its remembered denials.

    Attributes:
        name: the limit. The key is not published: it may be a person's address.
    """

    name: str


class RateLimiter:
    """Limits the units that a key uses in a window, over all processes.

    ``key`` is text, a ``MultiDimensionalKey``, or ``None`` for one limit that all share. Safe for
    threads and greenlets.
    """

    def __init__(
        self, name: str, get_config: Callable[[], RateLimitConfig], runtime: Runtime
    ) -> None:
        """``get_config`` gives the configuration of now and costs no round trip."""
        self.name = name
        self.rejected = 0
        self.passed = 0
        self.last_dimension = ""
        self.trail = Trail()
        self.refused_by: dict[str, int] = {}
        self.store = StoreWatch(f"rate limit {name}", runtime.clock)
        self.denials = DenialMemory()
        self.remote = RemoteLimiter(runtime)
        self.local = LocalLimiter(runtime.share, runtime.shares)
        self.leases = Leases(self.remote, runtime.clock, runtime.deferred, runtime.instances)
        self.get_config = get_config
        self._runtime = runtime
        self._plan = Derived(get_config, self._make_plan)
        # The plans by which use counts in Redis, and in the twin.
        self._kept: DimensionPlan | None = None
        self._kept_here: DimensionPlan | None = None
        self._keep_within = runtime.sweeps.job(self._keep)

    @property
    def plan(self) -> DimensionPlan:
        """The configuration of now, with its dimensions."""
        return self._plan()

    def hit(self, key: Key = None, cost: int = 1) -> RateLimitResult:
        """Uses ``cost`` units of every dimension of ``key``, or of none when one refuses.

        Raises:
            ValidationFailed: the cost is no whole number from 1, or the key is of no known type.
        """
        reply = self.ask(key, cost)
        return reply.result() if isinstance(reply, LeaseView) else reply

    def ask(self, key: Key = None, cost: int = 1) -> RateLimitResult | LeaseView:
        """As ``hit``; of a call that a lease admitted, what its result is made of."""
        check_units("cost", cost)
        plan, now = self._plan(), self._runtime.clock()
        lease = self.leases.take(plan, key, cost) if plan.leased else None
        if lease is not None:
            self.passed += 1
            self.trail.note((now, 0.0, 0.0, "", Outcome.SUCCESS, key, cost))
            return LeaseView(lease, lease.left, now)
        target = plan.target(key)
        known = self.known_denial(target, cost)
        if known is not None:
            self.note(key, cost, False)
            return known
        try:
            self.settle(plan, target)
            statuses = self._charge(plan, target, key, cost)
        except REDIS_UNAVAILABLE as error:
            self.store.lost(error)
            result = self.hit_without_store(plan, target, cost)
        else:
            self.store.found()
            result = self.answered(target, cost, statuses)
        self.passed += result.allowed
        self.note(key, cost, result.allowed)
        return result

    def peek(self, key: Key = None, cost: int = 1) -> RateLimitResult:
        """The result of a ``hit``, with the numbers as they are; uses nothing."""
        check_units("cost", cost)
        plan = self._plan()
        target = plan.target(key)
        try:
            statuses = self.remote.peek(plan, target, cost)
        except REDIS_UNAVAILABLE as error:
            self.store.lost(error)
            if plan.config.on_store_error is not OnStoreError.LOCAL:
                return self._fixed_answer(plan, target)
            now = self._runtime.clock()
            statuses = self.local.peek(target, cost, now, plan.algorithm)
            return result_of(statuses, degraded=True)
        self.store.found()
        return result_of(statuses)

    def reset(self, key: Key = None) -> None:
        """Makes every dimension of ``key`` unused; an event informs the other processes.

        Raises:
            StoreUnavailable: only this process knows of it.
        """
        target = self._plan().target(key)
        self.denials.forget(target.keys)
        self.local.forget(target.keys)
        self.leases.clear()
        self.remote.reset(target)
        self._runtime.events.publish(RateLimitReset(name=self.name))

    def reset_all(self, seconds: float = RESET_WITHIN) -> bool:
        """Makes every key unused, in the given time; else as ``reset``.

        Returns:
            False: the time ended first, and some are left. Another call goes on.
        """
        self.forget_all()
        self.local.clear()
        done = self.remote.reset_all(self.name, seconds)
        self._runtime.events.publish(RateLimitReset(name=self.name))
        return done

    def refund(self, key: Key = None, cost: int = 1) -> None:
        """Gives units back, never more than were used.

        Without Redis it gives back to the local twin; units that Redis holds then come back by
        themselves.
        """
        check_units("cost", cost)
        plan = self._plan()
        target = plan.target(key)
        self.denials.forget(target.keys)
        self.note(key, -cost, True)
        if plan.leased and self.leases.put_back(key, cost):
            return
        self.give_without_store(target, cost)
        try:
            self.remote.give(plan, target, cost, self._runtime.request_id())
        except REDIS_UNAVAILABLE as error:
            self.store.lost(error)

    def forget_all(self) -> None:
        """Ask Redis again for every key, and use no lease: a key was reset. Waits for nothing,
        because the thread of the event also keeps the cache fresh."""
        self.denials.clear()
        self.leases.clear_soon()

    def keep_soon(self) -> None:
        """The limit may have changed: keep the used units under its new numbers. Waits for
        nothing."""
        self._keep_within(0.0)

    def forget(self, key: Key) -> None:
        """Ask Redis again for this key, because units were given back elsewhere."""
        self.denials.forget(self._plan().target(key).keys)

    # Shared with the guard, which admits through several parts in one script.

    def note(self, key: Key, cost: int, allowed: bool) -> None:
        """Remember a call for a while; a cost below 0 was given back."""
        outcome = Outcome.SUCCESS if allowed else REFUSED
        self.trail.note((self._runtime.clock(), 0.0, 0.0, "", outcome, key, cost))

    def lend(self, plan: DimensionPlan, target: LimiterTarget, key: Key, cost: int) -> Lease | None:
        """A lease that admits this call and later ones; ``None``: ask for this call alone.

        Its size is 0 where Redis refused. Raises the errors of script calls.
        """
        wanted = self.leases.wanted(plan, key, cost)
        if wanted <= cost:
            return None
        again = self.leases.take(plan, key, cost)
        if again is not None:
            return again
        return self.leases.lend(plan, target, key, cost, wanted, self._runtime.request_id())

    def known_denial(self, target: LimiterTarget, cost: int) -> RateLimitResult | None:
        """The denial that this process remembers, if it still holds."""
        if not self.denials:
            return None
        status = self.denials.find(target.keys, cost, self._runtime.clock())
        if status is None:
            return None
        return self._counted(result_of((status,), self.store.degraded))

    def answered(
        self, target: LimiterTarget, cost: int, statuses: tuple[DimensionStatus, ...]
    ) -> RateLimitResult:
        """The result from the reply of Redis; denials are remembered."""
        result = result_of(statuses)
        if not result.allowed:
            self._counted(result)
            now = self._runtime.clock()
            for key, status in zip(target.keys, statuses, strict=True):
                if status.retry_after > 0:
                    self.denials.remember(key, cost, now, status)
        return result

    def settle(self, plan: DimensionPlan, target: LimiterTarget) -> None:
        """Report to Redis the use of these keys while it was unavailable, so that no caller gets
        the quota twice. Raises the errors of script calls."""
        if not self.local:
            return
        for key, item in zip(target.keys, target.dimensions, strict=True):
            units = self.local.begin_reporting(
                key, item.quota, self._runtime.clock(), plan.algorithm
            )
            if units > 0:
                reported = False
                try:
                    self.remote.settle(plan, key, item, units, self._runtime.request_id())
                    reported = True
                finally:
                    self.local.end_reporting(key, reported)

    def hit_without_store(
        self, plan: DimensionPlan, target: LimiterTarget, cost: int
    ) -> RateLimitResult:
        """The decision of ``on_store_error``."""
        self.store.answered_locally += 1
        if plan.config.on_store_error is not OnStoreError.LOCAL:
            result = self._fixed_answer(plan, target)
        else:
            now = self._runtime.clock()
            statuses = self.local.hit(target, cost, now, plan.algorithm)
            result = result_of(statuses, degraded=True)
        return self._counted(result)

    def give_without_store(self, target: LimiterTarget, units: int) -> None:
        """Give units back to the twin."""
        self.local.give(target, units, self._runtime.clock())

    def _charge(
        self, plan: DimensionPlan, target: LimiterTarget, key: Key, cost: int
    ) -> tuple[DimensionStatus, ...]:
        lease = self.lend(plan, target, key, cost) if plan.leased else None
        if lease is not None:
            view = LeaseView(lease, lease.left, lease.taken_at)
            return tuple(view) if lease.size else lease.statuses
        statuses = self.remote.hit(plan, target, cost, self._runtime.request_id())
        if plan.leased:
            self.leases.note(plan, target, key, cost)
        return statuses

    def _counted(self, result: RateLimitResult) -> RateLimitResult:
        if not result.allowed:
            self.rejected += 1
            by = self.last_dimension = result.dimension
            self.refused_by[by] = self.refused_by.get(by, 0) + 1
        return result

    def _fixed_answer(self, plan: DimensionPlan, target: LimiterTarget) -> RateLimitResult:
        admits = plan.config.on_store_error is OnStoreError.OPEN
        statuses = tuple(
            DimensionStatus(
                name=item.name,
                limit=item.quota.limit,
                window=item.quota.window,
                remaining=item.quota.capacity if admits else 0,
                reset_after=0.0 if admits else item.quota.window,
                retry_after=0.0 if admits else RETRY_AFTER,
            )
            for item in target.dimensions
        )
        return result_of(statuses, degraded=True)

    def _make_plan(self, config: RateLimitConfig) -> DimensionPlan:
        self.denials.clear()
        self.leases.clear()
        plan = DimensionPlan(self.name, config, self._runtime.keys)
        if self._kept is None:
            self._kept = self._kept_here = plan
        else:
            self.keep_soon()
        return plan

    def _keep(self) -> float | None:
        """Convert all use to a limit that was changed; seconds until it is tried again."""
        plan, before, here = self._plan(), self._kept, self._kept_here
        if before is None or here is None or before is plan:
            return None
        if here is not plan:
            self.local.keep(here, plan, self._runtime.clock())
            self._kept_here = plan
        try:
            if plan.counts_otherwise(before):
                self.remote.keep(self.name, before, plan)
        except REDIS_UNAVAILABLE as error:
            log.debug("use of %s is kept for as long as before, for now: %s", self.name, error)
            return KEPT_AGAIN_AFTER
        self._kept = plan
        # A quicker call may have met use that has ended since.
        self.denials.clear()
        return None


def check_units(field: str, units: int) -> None:
    """Raises ``ValidationFailed`` unless ``units`` is a whole number from 1."""
    if type(units) is not int or not 0 < units <= LARGEST_COST:
        checked(field, units, _UNITS)
