"""The controller: the ``resilience`` of an application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from yoto.audit import Audit
from yoto.errors import ValidationFailed
from yoto.events import EventState
from yoto.monitor import Recorder, names
from yoto.redis import RedisConnection

from . import scripts
from .acts import GuardActs
from .algorithms import limiter_scripts_by_name
from .background import Background, Work
from .breaker import BreakerState, CircuitBreaker
from .breaker_hooks import BreakerHooks
from .bulkhead import Bulkhead, BulkheadStats
from .config_access import ConfigAccess
from .config_store import (
    REDIS_BREAKER,
    ConfigStore,
    Journal,
    Kind,
    RedisCopy,
    check_entry,
    class_of,
    declared,
)
from .degradation import Board, Degradation, OpenBreakers
from .guard import Guard
from .guards import ALL_PARTS, BulkheadUse, GuardCounts, Guards, Parts
from .instances import Instances
from .limiter import Key, RateLimiter, RateLimitResult
from .operations import BreakerOperations
from .redis_breaker import redis_breaker_state
from .rejections import RejectionReporter
from .runtime import Runtime
from .settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    MultiDimensionalKey,
    RateLimitConfig,
    Settings,
    TuningConfig,
)
from .settings.switches import SwitchConfig
from .shares import Shares
from .store_health import StoreMonitor, StoreStatus
from .subject import Subject, caller, counted_caller, no_subject
from .switched_off import OffDegradation
from .trail import StoredTrails

if TYPE_CHECKING:
    from yoto.monitor.alert_rules import AlertRule


class ResilienceController(ConfigAccess):
    """Guards, their configuration, and operators' actions. Safe for threads and greenlets.

    Nothing connects and no thread starts before the first use; ``close`` ends all of it.

    Attributes:
        enabled: False: every guard admits every call without a round trip.
    """

    def __init__(
        self,
        redis: RedisConnection,
        events: EventState,
        journal: Journal | None = None,
        audit: Audit | None = None,
        subject: Subject = no_subject,
        recorder: Recorder | None = None,
        enabled: bool = True,
        shares: Shares | None = None,
    ) -> None:
        """See ``Resilience.init_app``."""
        self.enabled = enabled
        self._subject = subject
        self._shares = shares
        self.instances = Instances(redis, events.instance_id, shares)
        self.runtime = Runtime(
            redis,
            events.stream,
            instances=self.instances.count,
            shares=shares,
            entered=(recorder or Recorder()).histogram(names.GUARD_TIME).observe,
        )
        copy = RedisCopy(redis.scripts, redis.keys, events.stream)
        self._config = ConfigStore(copy, journal, audit, worker=events.instance_id)
        self.trails = StoredTrails(self.runtime, self._config.clock)
        rejections = RejectionReporter(self.runtime, self.trails)
        self._guards = Guards(
            self._config, self.runtime, rejections, self.trails, self.start, enabled
        )
        self.operations = BreakerOperations(self._config, self.circuit_breaker, audit)
        self.acts = GuardActs(self.rate_limiter, self.bulkhead, self.instances, audit)
        self._degradation = (Degradation if enabled else OffDegradation)(
            self._config,
            Board(redis.scripts, redis.keys, events.stream, self._config.clock),
            OpenBreakers(events.instance_id),
            self.breaker_states,
        )
        self._store_monitor = StoreMonitor(events.stream, self._guards.healths)
        self.background = Background(
            Work(
                redis=redis,
                tailer=events.tailer,
                config=self._config,
                degradation=self._degradation,
                operations=self.operations,
                instances=self.instances,
                rejections=rejections,
                trails=self.trails,
                store_monitor=self._store_monitor,
                find_store_again=self._guards.find_store_again,
                forget_denials=self._guards.forget_denials,
                forget_admissions=self._guards.forget_admissions,
                hooks=self.runtime.hooks,
            )
        )

    def define(
        self,
        name: str,
        *,
        circuit_breaker: CircuitBreakerConfig | None = None,
        rate_limit: RateLimitConfig | None = None,
        bulkhead: BulkheadConfig | None = None,
        degradation: DegradationConfig | None = None,
        switch: SwitchConfig | None = None,
        tuning: TuningConfig | None = None,
        alert_rule: AlertRule | None = None,
    ) -> None:
        """Give a name its defaults in code, below the layers of operators and tuners.

        Nothing is started for it.

        Raises:
            ConfigurationError: it has other defaults already.
        """
        given: dict[Kind, Settings | None] = {
            Kind.CIRCUIT_BREAKER: circuit_breaker,
            Kind.RATE_LIMIT: rate_limit,
            Kind.BULKHEAD: bulkhead,
            Kind.DEGRADATION: degradation,
            Kind.SWITCH: switch,
            Kind.TUNING: tuning,
            Kind.ALERT_RULE: alert_rule,
        }
        for kind, settings in given.items():
            if settings is not None:
                self._config.define(kind, name, settings)

    def add_breaker_hooks(self, hooks: BreakerHooks) -> None:
        """Notify ``hooks`` of each call through a breaker of this application, and of each change
        of a breaker's state."""
        self.runtime.hooks.add(hooks)

    def on_config_change(self, kind: Kind, name: str, listener: Callable[[Settings], None]) -> None:
        """Call ``listener`` when an entry gets another value in force.

        The first call is for a stored value that differs from the default; nothing is started for
        it.
        """
        key = check_entry(kind, name)
        if not self._config.is_defined(kind, name):
            self._config.define(kind, name, class_of(kind).of_entry(name))

        def on_change(changed: tuple[Kind, str], config: Settings) -> None:
            if changed == key:
                listener(config)

        self._config.on_change(on_change)

    # Guards by name

    def circuit_breaker(self, name: str) -> CircuitBreaker:
        """The breaker of that name."""
        return self._guards.circuit_breaker(name)

    def rate_limiter(self, name: str) -> RateLimiter:
        """The rate limiter of that name."""
        return self._guards.rate_limiter(name)

    def bulkhead(self, name: str) -> Bulkhead:
        """The bulkhead of that name."""
        return self._guards.bulkhead(name)

    def guard(self, name: str, parts: Parts = ALL_PARTS) -> Guard:
        """Breaker, limiter and bulkhead of that name as one; ``parts`` leaves some out."""
        return self._guards.guard(name, parts)

    def known_names(self, kind: Kind) -> list[str]:
        """Names of a kind from decorators or definitions in code, stored entries, or callers in
        this process; any other name is misspelt, or known to other processes alone."""
        found = {entry.name for entry in self.config.list(kind)} | declared(kind)
        if kind is Kind.CIRCUIT_BREAKER:
            found |= {entry.name for entry in self.config.list(Kind.FORCED_BREAKER)}
            found.add(REDIS_BREAKER)
        return sorted(found)

    def is_defined(self, name: str) -> bool:
        """Whether the code or an operator gave a guard of that name numbers of its own."""
        return name == REDIS_BREAKER or self._guards.is_defined(name)

    @property
    def degradation(self) -> Degradation:
        """Levels, fallbacks, and the sources of levels."""
        if self.enabled:
            self.start()
        return self._degradation

    def register_fallback(self, name: str, fn: Callable[..., Any]) -> None:
        """Name a fallback, so that a degradation configuration can choose it."""
        self._degradation.fallbacks.register(name, fn)

    # Snapshots

    def get_circuit_breaker_state(self, name: str) -> BreakerState:
        """State and counts of a breaker; ``redis`` is the connection to Redis."""
        if name == REDIS_BREAKER:
            return redis_breaker_state(name, self.runtime.redis)
        return self.circuit_breaker(name).state()

    def get_rate_limit_status(self, name: str, key: Key = None) -> RateLimitResult:
        """The result of a hit; uses nothing."""
        return self.rate_limiter(name).peek(key)

    def get_bulkhead_stats(self, name: str, partition: str = "") -> BulkheadStats:
        """The holders and waiters of a bulkhead."""
        return self.bulkhead(name).stats(partition)

    def store_status(self) -> StoreStatus:
        """Whether this process has Redis, and its decisions without it."""
        return self._store_monitor.status()

    def guard_counts(self) -> list[GuardCounts]:
        """The counts of each guard of this process; no round trip, and no guard is made for it."""
        return self._guards.counts()

    def bulkhead_use(self) -> list[BulkheadUse]:
        """The use of each bulkhead of this process; no round trip, and no bulkhead is created."""
        return self._guards.bulkhead_use()

    def breaker_states(self, names: Iterable[str] | None = None) -> list[BreakerState]:
        """A snapshot of each of these breakers, by default of those that this process uses.

        Together one round trip a server, and one for ``redis``.
        """
        if names is None:
            return self._guards.breaker_states()
        wanted = list(names)
        found = iter(self._guards.breaker_states([one for one in wanted if one != REDIS_BREAKER]))
        return [
            self.get_circuit_breaker_state(one) if one == REDIS_BREAKER else next(found)
            for one in wanted
        ]

    def bulkhead_stats(self, names: Iterable[str]) -> list[BulkheadStats]:
        """A snapshot of each of these bulkheads, together one round trip a server."""
        return self._guards.bulkhead_stats(names)

    @property
    def config_revision(self) -> str:
        """The revision of this process's configuration; starts nothing.

        Empty: it was not read yet.
        """
        return self._config.sync.revision

    # Callers

    def caller(self) -> MultiDimensionalKey:
        """All known parts of the caller at hand."""
        return caller(self._subject)

    def counted_caller(self, limiter: RateLimiter) -> MultiDimensionalKey:
        """The caller that a limiter counts when the code gives no key."""
        return counted_caller(self._subject, limiter.plan.config)

    # Scripts

    def execute_atomic_operation(
        self, script_name: str, keys: Sequence[str], args: Sequence[str | bytes | int | float] = ()
    ) -> Any:
        """Run one of the platform's Lua scripts by name; its header lists its arguments.

        Raises:
            ValidationFailed: there is no such script.
            StoreUnavailable: Redis did not respond.
        """
        named = scripts.ALL | limiter_scripts_by_name()
        script = named.get(script_name)
        if script is None:
            known = ", ".join(sorted(named))
            raise ValidationFailed({"script_name": f"must be one of {known}, not {script_name!r}"})
        return self.runtime.scripts.run(script, keys, args)

    # Life

    def start(self) -> None:
        """Load the configuration and start the background work; only the first call does."""
        self.background.start()

    def close(self) -> None:
        """End the background work, and announce the end; a later use starts it again."""
        self._guards.close()
        self.runtime.sweeps.close()
        self.runtime.deferred.close()
        # Calls that ended meanwhile are recorded too.
        self.runtime.exits.settle()
        self.background.stop()
        self.runtime.heartbeat.close()
        if self._shares is not None:
            self._shares.close()

    @property
    def config(self) -> ConfigStore:
        """The configuration store."""
        self.start()
        return self._config

    def _acting(self, author: str | None) -> str:
        if author is not None:
            return author
        user = self._subject()
        return "system" if user is None else f"user:{user}"
