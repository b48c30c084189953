"""Operators' actions on guards: recorded or audited first, then done."""

from __future__ import annotations

import logging
from collections.abc import Callable

from yoto.audit import Audit, AuditEntry
from yoto.errors import ValidationFailed
from yoto.events import ConfigChanged, ConfigRestored, StoredEvent
from yoto.redis import REDIS_UNAVAILABLE
from yoto.rules import require_reason

from .breaker import BreakerState, CircuitBreaker, State
from .config_store import ConfigStore, Kind
from .guards import Guards
from .instances import Instances
from .settings import MultiDimensionalKey
from .settings.switches import Force

log = logging.getLogger(__name__)

# s. A forced state must not last for ever because an operator went home.
DEFAULT_FORCED_FOR = 3_600.0
# s. For an entry without an end.
LONGEST_FORCED = 365 * 24 * 3600.0
# s between tries to bring a breaker into its forced state while Redis is unavailable.
RETRY_INTERVAL = 1.0
_FORCED = frozenset({State.ISOLATED, State.DISABLED})


class Operations:
    """Isolate, close and reset breakers; reset a caller's usage; give back slots of dead workers.

    The forced state of a breaker is an entry of the configuration with an expiry. Every process
    brings the breaker into the state of its entry when the entry changes or when Redis lost it;
    repeating this changes nothing.
    """

    def __init__(
        self, store: ConfigStore, guards: Guards, instances: Instances, audit: Audit | None
    ) -> None:
        """``audit`` is called before an action that is no configuration takes effect."""
        self._store = store
        self._guards = guards
        self._instances = instances
        self._audit = audit
        self._pending: set[str] = set()
        # Replaced by the background work that runs ``catch_up``.
        self.wake: Callable[[], None] = lambda: None

    def isolate(
        self, name: str, *, author: str, reason: str, ttl: float | None = DEFAULT_FORCED_FOR
    ) -> BreakerState:
        """Refuse every call for ``ttl`` seconds; None: until it is reset.

        Raises:
            ValidationFailed: no reason, or a bad ``ttl``.
            StoreUnavailable: the record cannot be reached; nothing was done. If only Redis is
                unavailable, the state is recorded and in force as soon as it is back.
        """
        return self._force(name, Force.ISOLATED, author, reason, ttl)

    def close(
        self, name: str, *, author: str, reason: str, ttl: float | None = DEFAULT_FORCED_FOR
    ) -> BreakerState:
        """Admit every call and count nothing for ``ttl`` seconds; else as ``isolate``."""
        return self._force(name, Force.DISABLED, author, reason, ttl)

    def reset(self, name: str, *, author: str, reason: str) -> BreakerState:
        """Closed, with nothing counted and nothing forced; raises as ``isolate``."""
        require_reason(reason)
        breaker = self._guards.circuit_breaker(name)
        before = breaker.state().state.value
        # It may have been forced a moment ago in another process.
        self._store.sync.refresh()
        if self._store.get(Kind.FORCED_BREAKER, name).layers:
            self._store.delete(Kind.FORCED_BREAKER, name, author=author, reason=reason)
        else:
            after = {"state": State.CLOSED.value}
            subject = f"circuit_breaker:{name}"
            self._record("breaker.reset", subject, author, reason, after, {"state": before})
        return breaker.reset(reason)

    def reset_key(
        self, name: str, key: MultiDimensionalKey | str | None, *, author: str, reason: str
    ) -> list[str]:
        """Reset the usage of these parts of a caller; every process forgets its denials.

        Args:
            key: a dimension is reset when all of its parts are given; None resets ``global``.

        Returns:
            The dimensions that were reset.

        Raises:
            ValidationFailed: no reason, or a key without any part that the limit counts.
            StoreUnavailable: Redis is unavailable.
        """
        require_reason(reason)
        limiter = self._guards.rate_limiter(name)
        dimensions = limiter.plan.target(key).dimensions
        counted = [item.name for item in dimensions]
        if isinstance(key, MultiDimensionalKey) and not any(item.parts for item in dimensions):
            known = ", ".join(one.name for one in limiter.plan.config.dimensions)
            raise ValidationFailed({"key": f"the limit counts {known}, and none of them is given"})
        after = {"dimensions": counted, "key": _plain(key)}
        self._record("rate_limit.reset_key", f"rate_limit:{name}", author, reason, after)
        limiter.reset(key)
        return counted

    def reset_all(self, name: str, *, author: str, reason: str) -> tuple[list[str], bool]:
        """Reset the usage of every caller; else as ``reset_key``.

        Returns:
            The dimensions, and whether nothing is left; if not, another call goes on.
        """
        require_reason(reason)
        limiter = self._guards.rate_limiter(name)
        counted = [dimension for dimension, _ in limiter.plan.quotas]
        after = {"dimensions": counted, "all_callers": True}
        self._record("rate_limit.reset_key", f"rate_limit:{name}", author, reason, after)
        return counted, limiter.reset_all()

    def release(self, name: str, partition: str = "", *, author: str, reason: str) -> int:
        """Give back the slots of workers that are gone; returns their number.

        Raises:
            ValidationFailed: no reason.
            StoreUnavailable: Redis is unavailable, so the live workers are unknown.
        """
        require_reason(reason)
        living = [instance.id for instance in self._instances.all()]
        after = {"partition": partition, "living": len(living)}
        self._record("bulkhead.release", f"bulkhead:{name}", author, reason, after)
        return self._guards.bulkhead(name).release_dead(living, partition)

    def hear(self, stored: StoredEvent) -> None:
        """Note pending work: an entry that changed, or everything after Redis lost it."""
        event = stored.event
        if isinstance(event, ConfigRestored):
            entries = self._store.list(Kind.FORCED_BREAKER)
            self._pending.update(entry.name for entry in entries if entry.layers)
        elif isinstance(event, ConfigChanged) and event.kind == Kind.FORCED_BREAKER:
            self._pending.add(event.name)
        else:
            return
        self.wake()

    def catch_up(self) -> float:
        """Bring breakers into the state of their entries; returns seconds until the next try."""
        if self._pending:
            self._store.sync.refresh()
        for name in list(self._pending):
            self._pending.discard(name)
            self._apply(name)
        return RETRY_INTERVAL

    def _force(
        self, name: str, force: Force, author: str, reason: str, ttl: float | None
    ) -> BreakerState:
        require_reason(reason)
        self._store.set(
            Kind.FORCED_BREAKER,
            name,
            {"state": force},
            author=author,
            reason=reason,
            expires_in=ttl,
        )
        self._apply(name)
        return self._guards.circuit_breaker(name).state()

    def _apply(self, name: str) -> None:
        """Bring the breaker into the state of its entry, unless it is there already."""
        layers = self._store.get(Kind.FORCED_BREAKER, name).layers
        breaker = self._guards.circuit_breaker(name)
        try:
            if not layers:
                self._release(breaker)
                return
            newest = layers[-1]
            left = LONGEST_FORCED
            if newest.expires_at:
                left = max(0.001, (newest.expires_at - self._store.clock.now_ms()) / 1000)
            force = Force((newest.values or {}).get("state", Force.NONE))
            if force is Force.ISOLATED:
                breaker.force_open(newest.reason, left)
            elif force is Force.DISABLED:
                breaker.force_close(newest.reason, left)
            else:
                self._release(breaker)
        except REDIS_UNAVAILABLE as error:
            self._pending.add(name)
            log.warning("breaker %s is not in its forced state yet: %s", name, error)

    def _release(self, breaker: CircuitBreaker) -> None:
        state = breaker.state()
        if state.state in _FORCED and not state.degraded:
            breaker.reset("no longer forced", expected_period=state.period)

    def _record(
        self,
        act: str,
        subject: str,
        author: str,
        reason: str,
        after: object,
        before: object = None,
    ) -> None:
        if self._audit is not None:
            entry = AuditEntry(f"resilience.{act}", subject, author, reason, before, after)
            self._audit(entry)


def _plain(key: MultiDimensionalKey | str | None) -> object:
    if isinstance(key, MultiDimensionalKey):
        parts = {"user": key.user_id, "server": key.server_id, "ip": key.ip_address}
        return {name: value for name, value in parts.items() if value is not None}
    return key
