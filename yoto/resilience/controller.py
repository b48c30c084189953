"""The controller: the ``resilience`` of an application."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from yoto.audit import Audit
from yoto.errors import ValidationFailed
from yoto.events import EventState
from yoto.monitor import Recorder, names
from yoto.redis import RedisConnection

from . import scripts
from .algorithms import limiter_scripts_by_name
from .background import Background
from .breaker import BreakerState, CircuitBreaker
from .breaker_hooks import BreakerHooks
from .bulkhead import Bulkhead, BulkheadStats
from .config_store import (
    REDIS_BREAKER,
    ConfigStore,
    Journal,
    Kind,
    Origin,
    Receipt,
    RedisCopy,
    check_entry,
    class_of,
    declared,
    parse_kind,
)
from .degradation import Board, Degradation, OpenBreakers
from .guard import Guard
from .guards import ALL_PARTS, Guards, Parts
from .instances import Instances
from .limiter import Key, RateLimiter, RateLimitResult
from .operations import Operations
from .rejections import RejectionReporter
from .runtime import Runtime
from .settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    RateLimitConfig,
    Settings,
    TuningConfig,
)
from .settings.switches import SwitchConfig
from .shares import Shares
from .store_health import StoreMonitor
from .subject import Subject, no_subject
from .switched_off import OffDegradation
from .trail import StoredTrails

if TYPE_CHECKING:
    from yoto.monitor.alert_rules import AlertRule

# Parameters of the setters beside the fields; no configuration class has a field of such a name.
_OPTIONS = ("version", "author", "reason", "origin", "expires_in")


class ResilienceController:
    """Guards, their configuration, and operators' actions. Safe for threads and greenlets.

    Nothing connects and no thread starts before the first use; ``close`` ends all of it.

    Attributes:
        enabled: False: every guard admits every call without a round trip.
        subject: gives the id of the user who makes the call at hand, or None.
        guards: the guards of this process, with their counts and snapshots.
        operations: operators' actions on guards.
        trails: the latest calls of each guard.
        store: whether this process has Redis, and its decisions without it.
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
        self.subject = subject
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
        self.guards = Guards(
            self._config, self.runtime, rejections, self.trails, self.start, enabled
        )
        self.operations = Operations(self._config, self.guards, self.instances, audit)
        self._degradation = (Degradation if enabled else OffDegradation)(
            self._config,
            Board(redis.scripts, redis.keys, events.stream, self._config.clock),
            OpenBreakers(events.instance_id),
            self.guards.breaker_states,
        )
        self.store = StoreMonitor(events.stream, self.guards.healths)
        self.background = Background(
            redis,
            events.tailer,
            self._config,
            self.guards,
            self._degradation,
            self.operations,
            self.instances,
            self.store,
        )
        self.background.redis_tasks.add("rejections", rejections.report)
        self.background.redis_tasks.add("trails", self.trails.report)

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
        return self.guards.circuit_breaker(name)

    def rate_limiter(self, name: str) -> RateLimiter:
        """The rate limiter of that name."""
        return self.guards.rate_limiter(name)

    def bulkhead(self, name: str) -> Bulkhead:
        """The bulkhead of that name."""
        return self.guards.bulkhead(name)

    def guard(self, name: str, parts: Parts = ALL_PARTS) -> Guard:
        """Breaker, limiter and bulkhead of that name as one; ``parts`` leaves some out."""
        return self.guards.guard(name, parts)

    def known_names(self, kind: Kind) -> list[str]:
        """Names of a kind from decorators or definitions in code, stored entries, or callers in
        this process; any other name is misspelt, or known to other processes alone."""
        found = {entry.name for entry in self.config.list(kind)} | declared(kind)
        if kind is Kind.CIRCUIT_BREAKER:
            found |= {entry.name for entry in self.config.list(Kind.FORCED_BREAKER)}
            found.add(REDIS_BREAKER)
        return sorted(found)

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
        return self.guards.breaker_states([name])[0]

    def get_rate_limit_status(self, name: str, key: Key = None) -> RateLimitResult:
        """The result of a hit; uses nothing."""
        return self.rate_limiter(name).peek(key)

    def get_bulkhead_stats(self, name: str, partition: str = "") -> BulkheadStats:
        """The holders and waiters of a bulkhead."""
        return self.bulkhead(name).stats(partition)

    # Configuration

    @property
    def config(self) -> ConfigStore:
        """The configuration store."""
        self.start()
        return self._config

    def get_circuit_breaker_config(self, name: str) -> CircuitBreakerConfig:
        """The configuration in force."""
        return cast(CircuitBreakerConfig, self.config.get(Kind.CIRCUIT_BREAKER, name).config)

    def get_rate_limit_config(self, name: str) -> RateLimitConfig:
        """The configuration in force."""
        return cast(RateLimitConfig, self.config.get(Kind.RATE_LIMIT, name).config)

    def get_bulkhead_config(self, name: str) -> BulkheadConfig:
        """The configuration in force."""
        return cast(BulkheadConfig, self.config.get(Kind.BULKHEAD, name).config)

    def get_degradation_config(self, name: str) -> DegradationConfig:
        """The configuration in force."""
        return cast(DegradationConfig, self.config.get(Kind.DEGRADATION, name).config)

    def set_circuit_breaker_config(self, /, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.CIRCUIT_BREAKER, name, change)

    def set_rate_limit_config(self, /, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.RATE_LIMIT, name, change)

    def set_bulkhead_config(self, /, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.BULKHEAD, name, change)

    def set_degradation_config(self, /, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.DEGRADATION, name, change)

    def set_config(
        self,
        kind: Kind | str,
        name: str,
        values: Mapping[str, Any],
        *,
        version: int | None = None,
        author: str | None = None,
        reason: str = "",
        origin: Origin = Origin.OPERATOR,
        expires_in: float | None = None,
    ) -> Receipt:
        """Lay fields over an entry; in force in every process within a second.

        The methods for one kind take the fields and these options as keywords.

        Args:
            version: the version that the change was made from; None takes the present one.
            author: the author; when left out the signed-in user, else the system.
            reason: why.
            origin: the layer of the change.
            expires_in: seconds after which the fields no longer count.

        Raises:
            ValidationFailed: a field is unknown or its value is refused; nothing changed.
            VersionConflict: the entry was changed since ``version``.
            StoreUnavailable: the change could not be recorded; nothing changed.
        """
        if author is None:
            user = self.subject()
            author = "system" if user is None else f"user:{user}"
        return self.config.set(
            parse_kind(kind),
            name,
            values,
            version=version,
            author=author,
            reason=reason,
            origin=origin,
            expires_in=expires_in,
        )

    def _set_fields(self, kind: Kind, name: str, change: dict[str, Any]) -> Receipt:
        options = {option: change.pop(option) for option in _OPTIONS if option in change}
        return self.set_config(kind, name, change, **options)

    def get_all_resilience_configs(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Every entry that is stored or in use: kind to name to plain data."""
        everything: dict[str, dict[str, dict[str, Any]]] = {kind.value: {} for kind in Kind}
        for entry in self.config.list():
            everything[entry.kind.value][entry.name] = entry.to_plain()
        return everything

    def is_global_switch_enabled(self, name: str, default: bool = False) -> bool:
        """Whether a switch is on; no round trip. ``default`` is the value of an unset one."""
        found = self.config.local.snapshot.configs.get((Kind.SWITCH, name))
        return found.enabled if isinstance(found, SwitchConfig) else default

    def set_global_switch(
        self,
        name: str,
        enabled: bool,
        reason: str | None = None,
        *,
        version: int | None = None,
        author: str | None = None,
        expires_in: float | None = None,
    ) -> Receipt:
        """Turn a switch for the whole fleet; raises as ``set_config``."""
        return self.set_config(
            Kind.SWITCH,
            name,
            {"enabled": enabled},
            version=version,
            author=author,
            reason=reason or "",
            expires_in=expires_in,
        )

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
        self.guards.close()
        self.runtime.sweeps.close()
        self.runtime.deferred.close()
        # Calls that ended meanwhile are recorded too.
        self.runtime.exits.settle()
        self.background.stop()
        self.runtime.heartbeat.close()
        if self._shares is not None:
            self._shares.close()
