"""The controller: every guard of one application, its configuration, and its background work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from app.core.errors import ConfigurationError, ValidationFailed
from app.core.events import (
    BreakerTransitioned,
    ConfigChanged,
    ConfigRestored,
    DegradationChanged,
    EventState,
    Gap,
    StoredEvent,
    SwitchChanged,
)
from app.core.redis import RedisConnection

from . import scripts
from .breaker import BreakerOpenedLocally, BreakerState, CircuitBreaker
from .bulkhead import Bulkhead, BulkheadStats
from .config_access import ConfigAccess
from .config_store import Audit, ConfigStore, Journal, Kind, RedisCopy
from .degradation import Board, Degradation, OpenBreakers
from .guard import Guard
from .housekeeping import Housekeeper
from .instances import Instances
from .limiter import Key, RateLimiter, RateLimitResult
from .operations import BreakerOperations
from .rejections import RejectionReporter
from .runtime import Runtime
from .settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    MultiDimensionalKey,
    RateLimitConfig,
    Settings,
)
from .store_error import StoreHealth
from .store_health import StoreMonitor, StoreStatus
from .subject import Subject, caller, counted_caller, nobody

T = TypeVar("T")
Parts: TypeAlias = frozenset[Kind]

# Objects a kind. Names come from code; more than this is a name made from user input.
MOST_OBJECTS = 10_000
ALL_PARTS: Parts = frozenset({Kind.CIRCUIT_BREAKER, Kind.RATE_LIMIT, Kind.BULKHEAD})


class ResilienceController(ConfigAccess):
    """What ``resilience`` is in an application. Safe for threads and greenlets.

    Nothing connects and no thread starts before the first use; ``close`` ends all of it.
    """

    def __init__(
        self,
        redis: RedisConnection,
        events: EventState,
        journal: Journal | None = None,
        audit: Audit | None = None,
        subject: Subject = nobody,
    ) -> None:
        """See ``Resilience.init_app``."""
        self._events = events
        self._subject = subject
        self.instances = Instances(redis, events.instance_id)
        self.runtime = Runtime(redis, events.stream, instances=self.instances.count)
        copy = RedisCopy(redis.scripts, redis.keys, events.stream)
        self._config = ConfigStore(copy, journal, audit)
        self.operations = BreakerOperations(self._config, self.circuit_breaker, audit)
        self._degradation = Degradation(
            self._config,
            Board(redis.scripts, redis.keys, events.stream, self._config.clock),
            OpenBreakers(events.instance_id),
            self.get_circuit_breaker_state,
        )
        self._store_monitor = StoreMonitor(events.stream, self._guard_healths)
        self._breakers: dict[str, CircuitBreaker] = {}
        self._limiters: dict[str, RateLimiter] = {}
        self._bulkheads: dict[str, Bulkhead] = {}
        self._guards: dict[Parts, dict[str, Guard]] = {}
        self._lock = threading.RLock()
        self._started = False
        self._ends: list[Callable[[], None]] = []
        self._rejections = RejectionReporter(self.runtime)
        self._prepare_work()

    def define(
        self,
        name: str,
        *,
        circuit_breaker: CircuitBreakerConfig | None = None,
        rate_limit: RateLimitConfig | None = None,
        bulkhead: BulkheadConfig | None = None,
        degradation: DegradationConfig | None = None,
    ) -> None:
        """Give a name its defaults in code, over which operators and tuners lay theirs.

        Raises:
            ConfigurationError: it has other defaults already.
        """
        given: dict[Kind, Settings | None] = {
            Kind.CIRCUIT_BREAKER: circuit_breaker,
            Kind.RATE_LIMIT: rate_limit,
            Kind.BULKHEAD: bulkhead,
            Kind.DEGRADATION: degradation,
        }
        for kind, settings in given.items():
            if settings is not None:
                self._config.define(kind, name, settings)

    # Guards by name

    def circuit_breaker(self, name: str) -> CircuitBreaker:
        """The breaker of that name."""
        found = self._breakers.get(name)
        return self._make(self._breakers, name, self._new_breaker) if found is None else found

    def rate_limiter(self, name: str) -> RateLimiter:
        """The rate limiter of that name."""
        found = self._limiters.get(name)
        return self._make(self._limiters, name, self._new_limiter) if found is None else found

    def bulkhead(self, name: str) -> Bulkhead:
        """The bulkhead of that name."""
        found = self._bulkheads.get(name)
        return self._make(self._bulkheads, name, self._new_bulkhead) if found is None else found

    def guard(self, name: str, parts: Parts = ALL_PARTS) -> Guard:
        """Breaker, limiter and bulkhead of that name as one; ``parts`` leaves some out."""
        guards = self._guards.get(parts)
        if guards is None:
            guards = self._guards.setdefault(parts, {})
        found = guards.get(name)
        if found is None:
            return self._make(guards, name, lambda name: self._new_guard(name, parts))
        return found

    @property
    def degradation(self) -> Degradation:
        """Levels, fallbacks, and who raised what."""
        self.start()
        return self._degradation

    def register_fallback(self, name: str, fn: Callable[..., Any]) -> None:
        """Name a fallback, so that a degradation configuration can choose it."""
        self._degradation.fallbacks.register(name, fn)

    # Pictures

    def get_circuit_breaker_state(self, name: str) -> BreakerState:
        """State and counts of a breaker."""
        return self.circuit_breaker(name).state()

    def get_rate_limit_status(self, name: str, key: Key = None) -> RateLimitResult:
        """What a hit would answer; uses nothing."""
        return self.rate_limiter(name).peek(key)

    def get_bulkhead_stats(self, name: str, partition: str = "") -> BulkheadStats:
        """Who is inside a bulkhead, and who waits."""
        return self.bulkhead(name).stats(partition)

    def store_status(self) -> StoreStatus:
        """Whether this process has Redis, and what it decided without."""
        return self._store_monitor.status()

    # Callers

    def caller(self) -> MultiDimensionalKey:
        """All that is known of who makes the call at hand."""
        return caller(self._subject)

    def counted_caller(self, limiter: RateLimiter) -> MultiDimensionalKey:
        """The caller, as a limiter counts who did not say a key."""
        return counted_caller(self._subject, limiter.plan.config)

    # Scripts

    def execute_atomic_operation(
        self, script_name: str, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()
    ) -> Any:
        """Run one of the platform's Lua scripts by name; its header says what it takes.

        Raises:
            ValidationFailed: there is no such script.
            StoreUnavailable: Redis did not answer.
        """
        script = scripts.ALL.get(script_name)
        if script is None:
            known = ", ".join(sorted(scripts.ALL))
            raise ValidationFailed({"script_name": f"must be one of {known}, not {script_name!r}"})
        return self.runtime.scripts.run(script, keys, args)

    # Life

    def start(self) -> None:
        """Load the configuration and start the background work; only the first call does."""
        if not self._started:
            with self._lock:
                self._start_once()

    def close(self) -> None:
        """End the background work and say goodbye; a later use starts it again."""
        with self._lock:
            if not self._started:
                return
            self._started = False
            ends, self._ends = self._ends, []
        # Without the lock: the work that is waited for may want it.
        for end in ends:
            end()
        self._redis_work.stop()
        self._record_work.stop()
        self.instances.leave()

    @property
    def config(self) -> ConfigStore:
        """The configuration store."""
        self.start()
        return self._config

    def _prepare_work(self) -> None:
        # What reads Redis alone must not wait for a database that hangs.
        self._redis_work = Housekeeper("yoto-resilience")
        self._record_work = Housekeeper("yoto-resilience-record")
        self._wake_config = self._redis_work.add("configuration", self._refresh_config)
        self._wake_degradation = self._redis_work.add("degradation", self._degradation.refresh)
        self.operations.wake = self._redis_work.add("operations", self.operations.catch_up)
        self._redis_work.add("instances", self.instances.announce)
        self._redis_work.add("rejections", self._rejections.report)
        record = self._record_work.add("record", self._config.sync.reconcile)
        self._config.sync.wake_record = record
        self.runtime.redis.on_recovered(self._wake_config)

    def _start_once(self) -> None:
        if self._started:
            return
        sync = self._config.sync
        sync.refresh()
        if not sync.revision:
            # Redis is away or empty: only the record can tell what operators have set.
            sync.reconcile()
            sync.refresh()
        self._started = True
        self._redis_work.start()
        self._record_work.start()
        self._ends = [
            self._events.tailer.subscribe(hear, on_gap, types)
            for hear, on_gap, types in self._subscriptions()
        ]

    def _acting(self, author: str | None) -> str:
        if author is not None:
            return author
        user = self._subject()
        return "system" if user is None else f"user:{user}"

    def _subscriptions(self) -> Iterable[tuple[Callable[[StoredEvent], None], Any, Any]]:
        def changed(stored: StoredEvent) -> None:
            self._wake_config()
            self.operations.hear(stored)

        def missed(gap: Gap) -> None:
            self._wake_config()
            self._wake_degradation()

        def raised(stored: StoredEvent) -> None:
            self._wake_degradation()

        yield changed, missed, (ConfigChanged, ConfigRestored, SwitchChanged)
        yield raised, None, (DegradationChanged,)
        breaker_events = (BreakerTransitioned, BreakerOpenedLocally)
        yield self._degradation.breakers.hear, None, breaker_events

    def _refresh_config(self) -> float:
        pause = self._config.sync.refresh()
        self._store_monitor.observe(self._config.sync.redis_answers)
        return pause

    def _make(self, objects: dict[str, T], name: str, make: Callable[[str], T]) -> T:
        self.start()
        with self._lock:
            found = objects.get(name)
            if found is None:
                if len(objects) >= MOST_OBJECTS:
                    raise ConfigurationError(name, f"there are {MOST_OBJECTS} such guards already")
                found = objects[name] = make(name)
            return found

    def _new_breaker(self, name: str) -> CircuitBreaker:
        read = self._config.reader(Kind.CIRCUIT_BREAKER, name, CircuitBreakerConfig)
        breaker = CircuitBreaker(name, read, self.runtime)
        self._rejections.watch("circuit_breaker", breaker)
        return breaker

    def _new_limiter(self, name: str) -> RateLimiter:
        read = self._config.reader(Kind.RATE_LIMIT, name, RateLimitConfig)
        limiter = RateLimiter(name, read, self.runtime)
        self._rejections.watch("rate_limit", limiter)
        return limiter

    def _new_bulkhead(self, name: str) -> Bulkhead:
        read = self._config.reader(Kind.BULKHEAD, name, BulkheadConfig)
        bulkhead = Bulkhead(name, read, self.runtime)
        self._rejections.watch("bulkhead", bulkhead)
        return bulkhead

    def _new_guard(self, name: str, parts: Parts) -> Guard:
        return Guard(
            name,
            self.runtime,
            self.circuit_breaker(name) if Kind.CIRCUIT_BREAKER in parts else None,
            self.rate_limiter(name) if Kind.RATE_LIMIT in parts else None,
            self.bulkhead(name) if Kind.BULKHEAD in parts else None,
        )

    def _guard_healths(self) -> Iterable[StoreHealth]:
        watches = [breaker.store for breaker in list(self._breakers.values())]
        watches += [limiter.store for limiter in list(self._limiters.values())]
        watches += [bulkhead.store for bulkhead in list(self._bulkheads.values())]
        return [watch.health() for watch in watches]
