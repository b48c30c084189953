"""Operators' actions on breakers: recorded first, then done, and repeated if Redis forgets them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from yoto.audit import Audit, AuditEntry
from yoto.events import ConfigChanged, ConfigRestored, StoredEvent
from yoto.redis import REDIS_UNAVAILABLE
from yoto.rules import require_reason

from .breaker import BreakerState, CircuitBreaker, State
from .config_store import ConfigStore, Kind
from .settings.switches import Force

log = logging.getLogger(__name__)

# s. A forced state must not last for ever because an operator went home.
DEFAULT_FORCED_FOR = 3_600.0
# s. For an entry without an end.
LONGEST_FORCED = 365 * 24 * 3600.0
# s between tries to bring a breaker into its forced state while Redis is unavailable.
RETRY_INTERVAL = 1.0
_FORCED = frozenset({State.ISOLATED, State.DISABLED})


class BreakerOperations:
    """Isolate, close and reset, with a reason, on the whole fleet.

    A forced state is an entry of the configuration with an expiry. Every process brings the breaker
    into the state of its entry when the entry changes or when Redis lost it; repeating this changes
    nothing.
    """

    def __init__(
        self,
        store: ConfigStore,
        breaker: Callable[[str], CircuitBreaker],
        audit: Audit | None,
    ) -> None:
        """``audit`` is called for a reset, which is no configuration."""
        self._store = store
        self._breaker = breaker
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
        before = self._breaker(name).state()
        # It may have been forced a moment ago in another process.
        self._store.sync.refresh()
        if self._store.get(Kind.FORCED_BREAKER, name).layers:
            self._store.delete(Kind.FORCED_BREAKER, name, author=author, reason=reason)
        elif self._audit is not None:
            self._audit(
                AuditEntry(
                    action="resilience.breaker.reset",
                    subject=f"circuit_breaker:{name}",
                    by=author,
                    reason=reason,
                    before={"state": before.state.value},
                    after={"state": State.CLOSED.value},
                )
            )
        return self._breaker(name).reset(reason)

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
        return self._breaker(name).state()

    def _apply(self, name: str) -> None:
        """Bring the breaker into the state of its entry, unless it is there already."""
        layers = self._store.get(Kind.FORCED_BREAKER, name).layers
        breaker = self._breaker(name)
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
