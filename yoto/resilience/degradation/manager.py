"""The degradation level of each feature, and its source."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from yoto.errors import ValidationFailed
from yoto.events import BreakerTransitioned, StoredEvent
from yoto.redis import REDIS_UNAVAILABLE
from yoto.rules import OneOf, checked

from ..breaker import BreakerOpenedLocally, BreakerState, State
from ..config_store import ConfigStore, Kind, Origin, Receipt
from ..settings import DegradationConfig, DegradationLevel
from .board import Board, RaisedLevel
from .fallbacks import Fallback, Fallbacks, LastGood

_NOT_OPEN = frozenset({State.CLOSED, State.HALF_OPEN, State.DISABLED, State.METRICS_ONLY})


class OpenBreakers:
    """Follows transitions, and reads the breakers anew when some may have been missed.

    A breaker counts as open only until it admits a probe: a feature that is switched off by
    its breaker must be tried again, or the breaker would never learn that it may close.
    """

    def __init__(self, instance: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._instance = instance
        self._clock = clock
        self._until: dict[str, float] = {}

    def __contains__(self, name: str) -> bool:
        until = self._until.get(name)
        return until is not None and until > self._clock()

    def hear(self, stored: StoredEvent) -> None:
        """Take note of a ``BreakerTransitioned`` or ``BreakerOpenedLocally``."""
        event = stored.event
        if isinstance(event, BreakerTransitioned):
            if event.new == State.OPEN:
                self._until[event.name] = self._clock() + event.retry_after_ms / 1000
            elif event.new == State.ISOLATED:
                self._until[event.name] = math.inf
            else:
                self._until.pop(event.name, None)
        elif isinstance(event, BreakerOpenedLocally) and event.instance == self._instance:
            self._until[event.name] = self._clock() + event.retry_after_ms / 1000

    def look(self, states: Iterable[BreakerState]) -> None:
        """Take over snapshots of breakers; breakers that are not among them are forgotten."""
        now = self._clock()
        self._until = {
            state.name: now + state.until
            for state in states
            if state.state not in _NOT_OPEN and state.until > 0
        }


log = logging.getLogger(__name__)

# The entry of the level that an operator sets for every feature without one of its own.
EVERY_FEATURE = "*"
# s between polls of the board and of the breakers; events bring changes earlier.
LOOK_INTERVAL = 2.0

NONE = DegradationLevel.NONE


@dataclass(frozen=True, slots=True)
class DegradationStatus:
    """The degradation of a feature.

    Attributes:
        name: the feature.
        level: the level in force.
        sources: the requesters with their levels now; an operator's, if any, is the only one.
    """

    name: str
    level: DegradationLevel
    sources: dict[str, DegradationLevel]


class Degradation:
    """An operator's level wins; else the highest that code, alerts and breakers ask for."""

    def __init__(
        self,
        store: ConfigStore,
        board: Board,
        breakers: OpenBreakers,
        look_at: Callable[[Iterable[str]], Sequence[BreakerState]],
    ) -> None:
        """``look_at`` gives the states of breakers, at the price of a round trip."""
        self.board = board
        self.fallbacks = Fallbacks()
        self.breakers = breakers
        self._store = store
        self._look_at = look_at
        self._last_good: dict[str, LastGood] = {}
        self._configs: dict[str, Callable[[], DegradationConfig]] = {}

    def level(self, name: str) -> DegradationLevel:
        """The level of a feature now; no round trip."""
        sources = self._sources(name)
        return max(sources.values(), key=lambda level: level.rank) if sources else NONE

    def status(self, name: str) -> DegradationStatus:
        """The level and its requesters."""
        sources = self._sources(name)
        level = max(sources.values(), key=lambda level: level.rank) if sources else NONE
        return DegradationStatus(name, level, sources)

    def set_level(
        self,
        name: str,
        level: DegradationLevel | str | None,
        *,
        author: str,
        version: int | None = None,
        reason: str = "",
        expires_in: float | None = None,
    ) -> Receipt:
        """Set an operator's level of a feature, which wins over all others; ``none`` switches all
        of it on.

        Args:
            name: the feature; ``EVERY_FEATURE`` for all that have no level of their own.
            level: None removes an operator's level; other fields set by operators stay.

        Raises:
            As ``ConfigStore.set``; ``ValidationFailed`` too when there is no level to remove.
        """
        store, kind = self._store, Kind.DEGRADATION
        if level is not None:
            return store.set(
                kind,
                name,
                {"level": level},
                author=author,
                version=version,
                reason=reason,
                expires_in=expires_in,
            )
        entry = store.get(kind, name)
        base = entry.version if version is None else version
        mine = next((one for one in entry.layers if one.origin is Origin.OPERATOR), None)
        rest = dict((mine and mine.values) or {})
        if rest.pop("level", None) is None or mine is None:
            raise ValidationFailed({"level": "no operator has set one"})
        if not rest:
            return store.delete(kind, name, author=author, reason=reason, version=base)
        left = (mine.expires_at - store.clock.now_ms()) / 1000 if mine.expires_at else None
        return store.set(
            kind,
            name,
            rest,
            author=author,
            version=base,
            reason=reason,
            expires_in=left,
            merge=False,
        )

    def raise_level(
        self,
        source: str,
        level: DegradationLevel | str,
        ttl: float,
        feature: str = "",
        reason: str = "",
    ) -> bool:
        """Raise or renew a level for ``ttl`` seconds, for one feature or all; see ``Board``."""
        known = checked("level", level, OneOf(DegradationLevel))
        return self.board.raise_level(source, known, ttl, feature, reason)

    def clear_level(self, source: str, reason: str = "") -> bool:
        """Take the level of a source back."""
        return self.board.raise_level(source, NONE, 0, reason=reason)

    def fallback(self, name: str, level: DegradationLevel) -> Fallback | None:
        """The registered fallback that the configuration names for ``level``."""
        chosen = self._config(name).fallback(level)
        if not chosen:
            return None
        found = self.fallbacks.get(chosen)
        if found is None:
            log.error("%s names the fallback '%s', which is not registered", name, chosen)
        return found

    def last_good(self, name: str, keep: float) -> LastGood:
        """The store of the last good values of a feature, each for ``keep`` seconds."""
        found = self._last_good.get(name)
        return found or self._last_good.setdefault(name, LastGood(keep))

    def refresh(self) -> float:
        """Read the board and the breakers; returns seconds until the next turn."""
        try:
            self.board.refresh()
        except REDIS_UNAVAILABLE as error:
            log.debug("the degradation board is out of reach: %s", error)
        self.breakers.look(self._look_at(self._watched()))
        return LOOK_INTERVAL

    def _watched(self) -> Iterable[str]:
        """Breakers that degrade a feature."""
        configs = {(entry.name): entry.config for entry in self._store.list(Kind.DEGRADATION)}
        names = {
            config.breaker or name
            for name, config in configs.items()
            if isinstance(config, DegradationConfig) and config.on_breaker_open is not NONE
        }
        return sorted(names - {EVERY_FEATURE})

    def _sources(self, name: str) -> dict[str, DegradationLevel]:
        config = self._config(name)
        for entry in (name, EVERY_FEATURE):
            if "level" in self._store.forced_fields(Kind.DEGRADATION, entry):
                return {"operator": self._config(entry).level}
        sources: dict[str, DegradationLevel] = {}
        _note(sources, "code", config.level)
        for raised in self.board.active():
            _note(sources, raised.source, _asked_of(raised, name, config))
        breaker = config.breaker or name
        if config.on_breaker_open is not NONE and breaker in self.breakers:
            _note(sources, f"breaker:{breaker}", config.on_breaker_open)
        return sources

    def _config(self, name: str) -> DegradationConfig:
        read = self._configs.get(name)
        if read is None:
            read = self._store.reader(Kind.DEGRADATION, name, DegradationConfig)
            self._configs[name] = read
        return read()


def _asked_of(raised: RaisedLevel, name: str, config: DegradationConfig) -> DegradationLevel:
    """The effect of a raised level on one feature."""
    general = raised.level if raised.feature in ("", name) else NONE
    named = config.on_alert if config.alert and config.alert == raised.source else NONE
    return max(general, named, key=lambda level: level.rank)


def _note(sources: dict[str, Any], source: str, level: DegradationLevel) -> None:
    if level is not NONE:
        sources[source] = level
