"""Every guard of one application, by kind and name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from yoto.errors import ConfigurationError
from yoto.events import BreakerTransitioned, StoredEvent
from yoto.redis import REDIS_UNAVAILABLE, every_server_responds

from .breaker import BreakerState, CircuitBreaker
from .bulkhead import Bulkhead, BulkheadStats
from .config_store import REDIS_BREAKER, ConfigStore, Kind
from .exits import Call
from .guard import Guard
from .limiter import RateLimiter, RateLimitReset
from .redis_breaker import redis_breaker_state
from .rejections import RejectionReporter
from .runtime import Runtime
from .settings import (
    BulkheadConfig,
    BulkheadStrategy,
    CircuitBreakerConfig,
    RateLimitConfig,
    Settings,
)
from .store_error import StoreHealth, StoreWatch
from .switched_off import OffBreaker, OffBulkhead, OffGuard, OffLimiter
from .trail import StoredTrails

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Settings)
T = TypeVar("T")
Seen = TypeVar("Seen", covariant=True)
Part: TypeAlias = CircuitBreaker | RateLimiter | Bulkhead
P = TypeVar("P", CircuitBreaker, RateLimiter, Bulkhead)
Parts: TypeAlias = frozenset[Kind]

# Objects a kind. Names come from code; more than this is a name made from user input.
MOST_OBJECTS = 10_000
ALL_PARTS: Parts = frozenset({Kind.CIRCUIT_BREAKER, Kind.RATE_LIMIT, Kind.BULKHEAD})


@dataclass(frozen=True, slots=True)
class GuardCounts:
    """Counters of a guard in this process since it started.

    Attributes:
        kind, name: the guard.
        passed: calls that it allowed; a breaker counts them when they end.
        rejected: calls that it refused; ``refused_by`` has those of a rate limit by dimension.
        store_errors: script calls that failed.
        answered_locally: calls that it decided without Redis.
        leases: units that a rate limit ``leased``, or slots that a bulkhead kept, with the parts
            of them that were ``returned`` and ``wasted``.
    """

    kind: str
    name: str
    passed: int
    rejected: int
    store_errors: int
    answered_locally: int
    refused_by: Mapping[str, int] = field(default_factory=dict)
    leases: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BulkheadUse:
    """The use of a bulkhead.

    Attributes:
        name: the bulkhead.
        held_here: holders in this process, of all partitions.
        limit: holders of one partition over all workers.
        busy: total seconds inside of callers that have left.
        strategy: its partitioning; ``name`` makes one partition, so that the sum of ``held_here``
            over all workers compares with ``limit``.
    """

    name: str
    held_here: int
    limit: int
    busy: float
    strategy: BulkheadStrategy


class _InRedis(Protocol[Seen]):
    """A guard of which Redis knows more than this process."""

    def look(self) -> Call: ...

    def snapshot(self, reply: Any) -> Seen: ...


class Guards:
    """Makes a guard when its name is first asked for, and gives the same one from then on."""

    def __init__(
        self,
        config: ConfigStore,
        runtime: Runtime,
        rejections: RejectionReporter,
        trails: StoredTrails,
        before_first: Callable[[], None],
        enabled: bool = True,
    ) -> None:
        """``before_first`` is called before any guard is made: it loads the configuration.

        Args:
            enabled: False makes guards that admit every call without a round trip.
        """
        self._enabled = enabled
        self._config = config
        self._runtime = runtime
        self._rejections = rejections
        self._trails = trails
        self._before_first = before_first
        self._lock = threading.RLock()
        self._breakers: dict[str, CircuitBreaker] = {}
        self._limiters: dict[str, RateLimiter] = {}
        self._bulkheads: dict[str, Bulkhead] = {}
        self._guards: dict[Parts, dict[str, Guard]] = {}
        self._logged: set[str] = set()
        config.on_change(self._changed)

    def circuit_breaker(self, name: str) -> CircuitBreaker:
        """The breaker of that name."""
        found = self._breakers.get(name)
        if found is None:
            made = CircuitBreaker if self._enabled else OffBreaker
            kind = Kind.CIRCUIT_BREAKER
            return self._part(self._breakers, kind, name, CircuitBreakerConfig, made)
        return found

    def rate_limiter(self, name: str) -> RateLimiter:
        """The rate limiter of that name."""
        found = self._limiters.get(name)
        if found is None:
            made = RateLimiter if self._enabled else OffLimiter
            return self._part(self._limiters, Kind.RATE_LIMIT, name, RateLimitConfig, made)
        return found

    def bulkhead(self, name: str) -> Bulkhead:
        """The bulkhead of that name."""
        found = self._bulkheads.get(name)
        if found is None:
            made = Bulkhead if self._enabled else OffBulkhead
            return self._part(self._bulkheads, Kind.BULKHEAD, name, BulkheadConfig, made)
        return found

    def guard(self, name: str, parts: Parts = ALL_PARTS) -> Guard:
        """A guard of some of the three parts of that name."""
        guards = self._guards.get(parts)
        if guards is None:
            guards = self._guards.setdefault(parts, {})
        found = guards.get(name)
        if found is None:
            return self._make(guards, name, lambda: self._new_guard(name, parts))
        return found

    def is_defined(self, name: str) -> bool:
        """Whether the code defines, or an operator stored, a guard of that name."""
        return name == REDIS_BREAKER or any(
            self._config.is_defined(kind, name) or self._config.get(kind, name).version
            for kind in ALL_PARTS
        )

    def hear(self, stored: StoredEvent) -> None:
        """Ask Redis again about a limit that was reset, or a breaker that changed its state."""
        event = stored.event
        if isinstance(event, RateLimitReset):
            limiter = self._limiters.get(event.name)
            if limiter is not None:
                limiter.forget_all()
        elif isinstance(event, BreakerTransitioned):
            breaker = self._breakers.get(event.name)
            if breaker is not None:
                breaker.memory.drop()
            self._runtime.hooks.changed(event.name, event.old, event.new, event.reason)

    def missed(self) -> None:
        """Ask Redis again about all limits and breakers: events were missed."""
        for limiter in list(self._limiters.values()):
            limiter.forget_all()
        for breaker in list(self._breakers.values()):
            breaker.memory.drop()

    def close(self) -> None:
        """Give back units and slots kept for later calls, and record pending results."""
        for limiter in list(self._limiters.values()):
            limiter.leases.clear()
        for bulkhead in list(self._bulkheads.values()):
            bulkhead.spares.clear()
        for breaker in list(self._breakers.values()):
            breaker.successes.flush()

    def healths(self) -> Iterable[StoreHealth]:
        """The state of each guard without Redis."""
        return [watch.health() for watch in self._watches()]

    def counts(self) -> list[GuardCounts]:
        """The counts of each guard in this process; no round trip."""
        kinds: tuple[tuple[Kind, Iterable[Part]], ...] = (
            (Kind.CIRCUIT_BREAKER, list(self._breakers.values())),
            (Kind.RATE_LIMIT, list(self._limiters.values())),
            (Kind.BULKHEAD, list(self._bulkheads.values())),
        )
        return [
            GuardCounts(
                kind.value,
                guard.name,
                guard.passed,
                guard.rejected,
                guard.store.store_errors,
                guard.store.answered_locally,
                dict(guard.refused_by) if isinstance(guard, RateLimiter) else {},
                _leases(guard),
            )
            for kind, guards in kinds
            for guard in guards
        ]

    def bulkhead_use(self) -> list[BulkheadUse]:
        """The use of each bulkhead of this process; no round trip."""
        return [
            BulkheadUse(
                one.name, one.local.inside(), config.max_concurrent, one.busy, config.strategy
            )
            for one in list(self._bulkheads.values())
            for config in (one.get_config(),)
        ]

    def breaker_states(self, names: Iterable[str] | None = None) -> list[BreakerState]:
        """A snapshot of each of these breakers, by default of those that this process uses.

        Together one round trip a server, and one for ``redis``.
        """
        if names is None:
            return self._snapshots(list(self._breakers.values()))
        wanted = list(names)
        breakers = [self.circuit_breaker(name) for name in wanted if name != REDIS_BREAKER]
        found = iter(self._snapshots(breakers))
        return [
            redis_breaker_state(name, self._runtime.redis) if name == REDIS_BREAKER else next(found)
            for name in wanted
        ]

    def bulkhead_stats(self, names: Iterable[str]) -> list[BulkheadStats]:
        """A snapshot of each of these bulkheads, as ``breaker_states``."""
        return self._snapshots([self.bulkhead(name) for name in names])

    def _snapshots(self, guards: Sequence[_InRedis[T]]) -> list[T]:
        replies: list[Any]
        try:
            calls = [one.look() for one in guards]
            replies = self._runtime.scripts.run_many(calls, raise_errors=False)
        except REDIS_UNAVAILABLE as error:
            replies = [error] * len(guards)
        return [one.snapshot(reply) for one, reply in zip(guards, replies, strict=True)]

    def find_store_again(self) -> None:
        """Check, for guards that could not reach Redis, used or not, whether all of it responds."""
        unreachable = [watch for watch in self._watches() if watch.unreachable]
        asked_at = self._runtime.clock()
        if unreachable and every_server_responds(self._runtime.redis):
            for watch in unreachable:
                watch.reachable(asked_at)

    def _watches(self) -> list[StoreWatch]:
        every: tuple[Mapping[str, Part], ...] = (self._breakers, self._limiters, self._bulkheads)
        return [part.store for parts in every for part in list(parts.values())]

    def _changed(self, key: tuple[Kind, str], config: Settings) -> None:
        limiter = self._limiters.get(key[1]) if key[0] is Kind.RATE_LIMIT else None
        if limiter is not None:
            limiter.keep_soon()

    def _make(self, objects: dict[str, T], name: str, make: Callable[[], T]) -> T:
        if self._enabled:
            self._before_first()
        with self._lock:
            found = objects.get(name)
            if found is None:
                if len(objects) >= MOST_OBJECTS:
                    raise ConfigurationError(name, f"there are {MOST_OBJECTS} such guards already")
                self._say_if_undefined(name)
                found = objects[name] = make()
            return found

    def _say_if_undefined(self, name: str) -> None:
        """Warn once for a name: a misspelt guard has the default numbers."""
        if name not in self._logged and not self.is_defined(name):
            self._logged.add(name)
            log.warning("nothing defines the guard '%s': it has the default numbers", name)

    def _part(
        self,
        parts: dict[str, P],
        kind: Kind,
        name: str,
        numbers: type[S],
        made: Callable[[str, Callable[[], S], Runtime], P],
    ) -> P:
        def make() -> P:
            part = made(name, self._config.reader(kind, name, numbers), self._runtime)
            self._rejections.watch(kind, part)
            self._trails.watch(kind, name, part.trail)
            return part

        return self._make(parts, name, make)

    def _new_guard(self, name: str, parts: Parts) -> Guard:
        made = Guard if self._enabled else OffGuard
        return made(
            name,
            self._runtime,
            self.circuit_breaker(name) if Kind.CIRCUIT_BREAKER in parts else None,
            self.rate_limiter(name) if Kind.RATE_LIMIT in parts else None,
            self.bulkhead(name) if Kind.BULKHEAD in parts else None,
        )


def _leases(guard: Part) -> dict[str, int]:
    if isinstance(guard, RateLimiter):
        return guard.leases.counts()
    return guard.spares.counts() if isinstance(guard, Bulkhead) else {}
