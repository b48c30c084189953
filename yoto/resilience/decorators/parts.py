"""The guards of a decorated function: each admits a call, and takes it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

from yoto.errors import RateLimited

from ..breaker import BreakerPermit
from ..bulkhead import Slot
from ..config_store import Kind
from ..extension import get_resilience_controller
from ..guard import Permit
from ..guards import Parts
from ..headers import note_limits
from ..limiter import Key, LeaseView, RateLimiter
from ..outcome import Outcome
from .call import Call, CallClassifier
from .keys import Evaluated, KeyOf, bulkhead_partition, limiter_key, refused_status

Fallback: TypeAlias = Callable[..., Any]


class Held(Protocol):
    """A part's hold on an admitted call. Neither method raises."""

    def cancel(self) -> None:
        """The call does not run, because a later part refused it: as if it had never come."""
        ...

    def finish(self, error: BaseException | None, value: Any) -> None:
        """The call ended."""
        ...


class DecoratorPart(Protocol):
    """A guard of a decorated function.

    Attributes:
        rank: its place, whatever the order of the decorators.
        fallback: gives the result when the part's breaker is open.
    """

    rank: ClassVar[int]

    @property
    def fallback(self) -> Fallback | None: ...

    def enter(self, call: Call) -> Held:
        """Admit the call, or raise a ``Rejected``."""
        ...


class HeldPermit(NamedTuple):
    """The permit of a breaker, or of a guard."""

    permit: BreakerPermit | Permit
    classifier: CallClassifier

    def cancel(self) -> None:
        self.permit.exit(Outcome.IGNORED)
        if isinstance(self.permit, Permit):
            self.permit.refund()

    def finish(self, error: BaseException | None, value: Any) -> None:
        self.permit.exit(self.classifier.of_end(error, value), error)


@dataclass(frozen=True)
class BreakerPart:
    """``@circuit_breaker``."""

    rank: ClassVar[int] = 1
    name: str
    classifier: CallClassifier
    fallback: Fallback | None

    def enter(self, call: Call) -> Held:
        breaker = get_resilience_controller().circuit_breaker(self.name)
        return HeldPermit(breaker.allow(), self.classifier)


class HeldNothing:
    """The hold of a part that has no interest in the call."""

    def cancel(self) -> None:
        """Nothing is held."""

    def finish(self, error: BaseException | None, value: Any) -> None:
        """Nothing is held."""


NOTHING_HELD = HeldNothing()


class HeldUnits(NamedTuple):
    """Units of a rate limit; they are used up once the call runs."""

    limiter: RateLimiter
    key: Key
    cost: int

    def cancel(self) -> None:
        self.limiter.refund(self.key, self.cost)

    def finish(self, error: BaseException | None, value: Any) -> None:
        """Used units stay used."""


@dataclass(frozen=True)
class LimitPart:
    """``@rate_limit``."""

    rank: ClassVar[int] = 2
    name: str
    key: KeyOf
    cost: Evaluated
    fallback: Fallback | None = None

    def enter(self, call: Call) -> Held:
        controller = get_resilience_controller()
        limiter = controller.rate_limiter(self.name)
        key, cost = limiter_key(controller, limiter, self.key(call)), self.cost(call)
        if cost == 0:
            return NOTHING_HELD
        reply = limiter.ask(key, cost)
        if isinstance(reply, LeaseView):
            note_limits(self.name, lambda: reply)
        else:
            note_limits(self.name, lambda: reply.dimensions)
            if not reply.allowed:
                raise reply.error(self.name)
        return HeldUnits(limiter, key, cost)


class HeldSlot(NamedTuple):
    """A slot of a bulkhead."""

    slot: Slot

    def cancel(self) -> None:
        self.slot.release()

    def finish(self, error: BaseException | None, value: Any) -> None:
        self.slot.release()


@dataclass(frozen=True)
class BulkheadPart:
    """``@bulkhead``."""

    rank: ClassVar[int] = 3
    name: str
    key: KeyOf
    timeout: float | None
    fallback: Fallback | None = None

    def enter(self, call: Call) -> Held:
        controller = get_resilience_controller()
        bulkhead = controller.bulkhead(self.name)
        partition = bulkhead_partition(controller, bulkhead, self.key, call)
        return HeldSlot(bulkhead.acquire(self.timeout, partition))


@dataclass(frozen=True)
class GuardPart:
    """``@guarded``."""

    rank: ClassVar[int] = 0
    name: str
    key: KeyOf
    cost: Evaluated
    parts: Parts
    wait: float | None
    classifier: CallClassifier
    fallback: Fallback | None

    def enter(self, call: Call) -> Held:
        controller = get_resilience_controller()
        guard = controller.guard(self.name, self.parts)
        limiter, bulkhead = guard.limiter, guard.bulkhead
        partition, key, cost = "", None, 1
        if bulkhead is not None:
            partition = bulkhead_partition(controller, bulkhead, self.key, call)
        if limiter is not None:
            key, cost = limiter_key(controller, limiter, self.key(call)), self.cost(call)
            if cost == 0:
                rest = self.parts - {Kind.RATE_LIMIT}
                guard, limiter, cost = controller.guard(self.name, rest), None, 1
        try:
            permit = guard.enter(key, cost, partition, self.wait)
        except RateLimited as error:
            if limiter is not None:
                status = refused_status(limiter, error)
                note_limits(self.name, lambda: (status,))
            raise
        if limiter is not None:
            note_limits(self.name, permit.statuses)
        return HeldPermit(permit, self.classifier)
