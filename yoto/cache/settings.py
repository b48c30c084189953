"""How much is cached, for how long, and how stale it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from yoto.errors import ConfigurationError, ValidationFailed


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """One kind of cached thing: at most ``size`` keys, each for at most ``ttl`` seconds."""

    size: int
    ttl: float


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Settings of the hybrid cache; times in seconds.

    Attributes:
        users: permissions of users; a key is a user with all their places.
        conditional: permissions of users that change at a known moment.
        places_per_user: places kept of one user in the process.
        stored_places: places kept of one user in Redis.
        max_staleness: how long memory and Redis may answer after the log was last heard.
        soft_share: part of its life after which an entry is refreshed in the background by the
            next look-up; 1 turns that off.
        wait_for_position: how long a check with ``at_least`` waits for the log.
        load_lease: after so long, somebody else takes over from a loader whose process died.
        load_wait: how long to wait for somebody else's load; longer than the lease.
    """

    users: StoreSettings = StoreSettings(8_000, 900.0)
    conditional: StoreSettings = StoreSettings(2_000, 600.0)
    places_per_user: int = 32
    stored_places: int = 256
    max_staleness: float = 2.0
    soft_share: float = 0.8
    wait_for_position: float = 0.25
    load_lease: float = 2.0
    load_wait: float = 2.5

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CacheSettings:
        """Read what ``config`` has of the keys in ``KEYS``; values may be text.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
        """
        given: dict[str, Any] = {}
        for key, (name, kind, low, high) in KEYS.items():
            if config.get(key) is not None:
                given[name] = _number(key, config[key], kind, low, high)
        settings = cls(**{name: value for name, value in given.items() if "." not in name})
        for name, value in given.items():
            store, _, part = name.partition(".")
            if part:
                changed = replace(getattr(settings, store), **{part: value})
                settings = replace(settings, **{store: changed})
        return settings


# Configuration key to attribute, type, lowest and highest value.
KEYS: dict[str, tuple[str, type[int] | type[float], float, float]] = {
    "CACHE_USERS_SIZE": ("users.size", int, 1, 10_000_000),
    "CACHE_USERS_TTL": ("users.ttl", float, 1, 86_400),
    "CACHE_CONDITIONAL_SIZE": ("conditional.size", int, 1, 10_000_000),
    "CACHE_CONDITIONAL_TTL": ("conditional.ttl", float, 1, 86_400),
    "CACHE_PLACES_PER_USER": ("places_per_user", int, 1, 10_000),
    "CACHE_STORED_PLACES": ("stored_places", int, 1, 10_000),
    "CACHE_SOFT_SHARE": ("soft_share", float, 0.1, 1),
    "CACHE_WAIT_FOR_POSITION": ("wait_for_position", float, 0, 10),
    "CACHE_LOAD_LEASE": ("load_lease", float, 0.2, 60),
    "CACHE_LOAD_WAIT": ("load_wait", float, 0, 120),
    # Redis is heard several times a second; a shorter bound would be broken by mere scheduling.
    "MAX_STALENESS": ("max_staleness", float, 0.5, 60),
}

# Keys of two stores that nothing filled: docs/adr/0005-no-store-of-roles-and-trees.md.
RETIRED = ("CACHE_ROLES_SIZE", "CACHE_ROLES_TTL", "CACHE_TREES_SIZE", "CACHE_TREES_TTL")


def check_store(kind: str, settings: StoreSettings) -> None:
    """Refuse a size or a life that no configuration could give to a store of that kind.

    Raises:
        ValidationFailed: names ``<kind>.size`` or ``<kind>.ttl``.
    """
    errors = {}
    for name, number, low, high in KEYS.values():
        store, _, part = name.partition(".")
        if store != kind or not part:
            continue
        value = getattr(settings, part)
        allowed = (int,) if number is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            errors[name] = f"must be from {low:g} to {high:g}, not {value!r}"
    if errors:
        raise ValidationFailed(errors)


def _number(key: str, value: Any, kind: type[int] | type[float], low: float, high: float) -> Any:
    try:
        number = kind(str(value))
    except ValueError:
        number = None
    if number is None or isinstance(value, bool) or not low <= number <= high:
        what = "a whole number" if kind is int else "a number"
        raise ConfigurationError(key, f"must be {what} from {low:g} to {high:g}, not {value!r}")
    return number
