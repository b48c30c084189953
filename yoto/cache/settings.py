"""Settings of the cache: its size, lifetimes, and staleness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any

from yoto.errors import ValidationFailed
from yoto.settings import SETTINGS, of, read, value_of

STORES = ("users", "conditional")


def _key(kind: str, part: str) -> str:
    return f"CACHE_{kind}_{part}".upper()


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """One kind of cached thing: at most ``size`` keys, each for at most ``ttl`` seconds."""

    size: int
    ttl: float

    @classmethod
    def of(cls, kind: str, config: Mapping[str, Any] = MappingProxyType({})) -> StoreSettings:
        """The settings in ``config`` for a store of that kind, one of ``STORES``.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
        """
        return cls(*(value_of(config, _key(kind, part.name)) for part in fields(cls)))


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Settings of the hybrid cache; times in seconds.

    Attributes:
        users: permissions of users; a key is a user with all their places.
        conditional: permissions of users that change at a known moment.
        places_per_user: places kept of one user in the process.
        stored_places: places kept of one user in Redis.
        max_staleness: how long memory and Redis may be used after the log was last read.
        soft_share: part of its life after which an entry is refreshed in the background by the
            next look-up; 1 turns that off.
        wait_for_position: how long a check with ``at_least`` waits for the log.
        load_lease: after so long, another process takes over from a loader that died.
        load_wait: how long to wait for another's load; longer than the lease.
    """

    users: StoreSettings = StoreSettings.of("users")
    conditional: StoreSettings = StoreSettings.of("conditional")
    places_per_user: int = of("CACHE_PLACES_PER_USER")
    stored_places: int = of("CACHE_STORED_PLACES")
    max_staleness: float = of("MAX_STALENESS")
    soft_share: float = of("CACHE_SOFT_SHARE")
    wait_for_position: float = of("CACHE_WAIT_FOR_POSITION")
    load_lease: float = of("CACHE_LOAD_LEASE")
    load_wait: float = of("CACHE_LOAD_WAIT")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CacheSettings:
        """The settings from ``MAX_STALENESS`` and ``CACHE_...`` in ``config``; values may be text.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
        """
        return read(cls, config, **{kind: StoreSettings.of(kind, config) for kind in STORES})


# Keys of two stores that nothing filled: docs/adr/0005-no-store-of-roles-and-trees.md.
RETIRED = ("CACHE_ROLES_SIZE", "CACHE_ROLES_TTL", "CACHE_TREES_SIZE", "CACHE_TREES_TTL")


def check_store(kind: str, settings: StoreSettings) -> None:
    """Refuse a size or a life that no configuration could give to a store of that kind.

    Raises:
        ValidationFailed: names ``<kind>.size`` or ``<kind>.ttl``.
    """
    errors = {}
    for part, value in asdict(settings).items():
        try:
            SETTINGS[_key(kind, part)].rule(value)
        except ValueError as error:
            errors[f"{kind}.{part}"] = f"{error}, not {value!r}"
    if errors:
        raise ValidationFailed(errors)
