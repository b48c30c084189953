"""The controller's door to configuration, one method a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from yoto.errors import ValidationFailed

from .config_store import ConfigStore, Entry, Kind, Origin, Receipt, parse_kind
from .settings import (
    BulkheadConfig,
    CircuitBreakerConfig,
    DegradationConfig,
    DegradationLevel,
    RateLimitConfig,
)
from .settings.switches import SwitchConfig


class ConfigAccess:
    """Mixed into the controller, which provides the store and the acting user."""

    @property
    def config(self) -> ConfigStore:
        """The configuration store."""
        raise NotImplementedError

    def _acting(self, author: str | None) -> str:
        """The author of a change: as given, else the signed-in user, else the system."""
        raise NotImplementedError

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

    def set_circuit_breaker_config(self, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.CIRCUIT_BREAKER, name, change)

    def set_rate_limit_config(self, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.RATE_LIMIT, name, change)

    def set_bulkhead_config(self, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.BULKHEAD, name, change)

    def set_degradation_config(self, name: str, **change: Any) -> Receipt:
        """Lay fields over the configuration; see ``set_config``."""
        return self._set_fields(Kind.DEGRADATION, name, change)

    def get_config(self, kind: Kind | str, name: str) -> Entry:
        """The entry in force, with its version and its layers."""
        return self.config.get(parse_kind(kind), name)

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
            author: the author; the signed-in user when left out.
            reason: why.
            origin: the layer of the change.
            expires_in: seconds after which the fields no longer count.

        Raises:
            ValidationFailed: a field is unknown or its value is refused; nothing changed.
            VersionConflict: the entry was changed since ``version``.
            StoreUnavailable: the change could not be recorded; nothing changed.
        """
        return self.config.set(
            parse_kind(kind),
            name,
            values,
            version=version,
            author=self._acting(author),
            reason=reason,
            origin=origin,
            expires_in=expires_in,
        )

    def set_degradation_level(
        self,
        name: str,
        level: DegradationLevel | str | None,
        *,
        version: int | None = None,
        author: str | None = None,
        reason: str = "",
        expires_in: float | None = None,
    ) -> Receipt:
        """Set the level of a feature, which wins over all others; ``none`` switches all of it on.

        Args:
            name: the feature; ``EVERY_FEATURE`` for all that have no level of their own.
            level: None removes an operator's level; other fields set by operators stay.

        Raises:
            As ``set_config``; ``ValidationFailed`` too when there is no level to remove.
        """
        acting = self._acting(author)
        if level is not None:
            return self.set_config(
                Kind.DEGRADATION,
                name,
                {"level": level},
                version=version,
                author=acting,
                reason=reason,
                expires_in=expires_in,
            )
        entry = self.config.get(Kind.DEGRADATION, name)
        base = entry.version if version is None else version
        mine = next((one for one in entry.layers if one.origin is Origin.OPERATOR), None)
        rest = dict((mine and mine.values) or {})
        if rest.pop("level", None) is None or mine is None:
            raise ValidationFailed({"level": "no operator has set one"})
        if not rest:
            return self.config.delete(
                Kind.DEGRADATION, name, author=acting, reason=reason, version=base
            )
        left = (mine.expires_at - self.config.clock.now_ms()) / 1000 if mine.expires_at else None
        return self.config.set(
            Kind.DEGRADATION,
            name,
            rest,
            author=acting,
            reason=reason,
            version=base,
            expires_in=left,
            merge=False,
        )

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

    def _set_fields(self, kind: Kind, name: str, change: dict[str, Any]) -> Receipt:
        options = {option: change.pop(option) for option in _OPTIONS if option in change}
        return self.set_config(kind, name, change, **options)


# Parameters of the setters beside the fields; no configuration class has a field of such a name.
_OPTIONS = ("version", "author", "reason", "origin", "expires_in")
