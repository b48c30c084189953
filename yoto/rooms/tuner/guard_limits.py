"""Limits of guards as settings of the tuner, read from and written to the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yoto.errors import ValidationFailed
from yoto.resilience import (
    BulkheadConfig,
    BulkheadStrategy,
    ConfigStore,
    Entry,
    Kind,
    Origin,
    RateLimitConfig,
)

from .snapshot import PLAIN, Guards
from .tunables import BULKHEAD, RATE_LIMIT


def guards_of(store: ConfigStore, never: Iterable[str]) -> Guards:
    """The guards that are used or stored, except those in ``never``, and their limits."""
    unwanted = frozenset(never)
    bulkheads = {}
    limiters = {}
    for entry in (*store.list(Kind.BULKHEAD), *store.list(Kind.RATE_LIMIT)):
        config = entry.config
        if entry.name in unwanted:
            continue
        if isinstance(config, BulkheadConfig):
            unpartitioned = config.strategy is BulkheadStrategy.NAME
            bulkheads[entry.name] = config.max_concurrent, unpartitioned
        elif isinstance(config, RateLimitConfig) and not _has_further_windows(config):
            limiters[entry.name] = _limits(config)
    return Guards(bulkheads, limiters)


class GuardLimit:
    """One limit of one guard."""

    def __init__(self, kind: Kind, name: str, dimension: str) -> None:
        """``dimension``: the rate limit's; ``PLAIN`` for its own limit, and for a bulkhead."""
        self.kind, self.name, self._dimension = kind, name, dimension

    @classmethod
    def of(cls, setting: str) -> GuardLimit | None:
        """The limit behind a setting; None: it is no limit."""
        if setting.startswith(BULKHEAD):
            return cls(Kind.BULKHEAD, setting.removeprefix(BULKHEAD), PLAIN)
        if setting.startswith(RATE_LIMIT):
            name, _, dimension = setting.removeprefix(RATE_LIMIT).rpartition(":")
            return cls(Kind.RATE_LIMIT, name, dimension)
        return None

    @property
    def _field(self) -> str:
        if self.kind is Kind.BULKHEAD:
            return "max_concurrent"
        return "limit" if self._dimension == PLAIN else "dimensions"

    def forced(self, store: ConfigStore) -> bool:
        """Whether an operator has set it."""
        return self._field in store.forced_fields(self.kind, self.name)

    def own(self, store: ConfigStore) -> float | None:
        """The tuner's value; None: none."""
        own_value = self._layer(store.get(self.kind, self.name)).get(self._field)
        if self._field == "dimensions":
            # The layer names all dimensions of the code; it does not set unchanged ones.
            own_value = (own_value or {}).get(self._dimension, {}).get("limit")
            code = self._code(store).get(self._dimension)
            if code is None or own_value == code.get("limit"):
                return None
        return None if own_value is None else float(own_value)

    def write(self, store: ConfigStore, value: float | None, author: str, reason: str) -> None:
        """Set it in the tuner's layer, or with None remove it there.

        Other values that the tuner has set on this guard stay, and operators' values are ignored:
        they are theirs, and end when they say.

        Raises: as ``ConfigStore.set``; ``ValidationFailed`` (field ``id``) also when the code knows
            no such dimension.
        """
        entry = store.get(self.kind, self.name)
        before = self._layer(entry)
        after = {name: value for name, value in before.items() if name != self._field}
        proposed = self._layer_value(store, before, None if value is None else int(value))
        if proposed is not None:
            after[self._field] = proposed
        about: Any = {"author": author, "reason": reason, "version": entry.version}
        about["origin"] = Origin.TUNER
        if after == before:
            return
        if after:
            store.set(self.kind, self.name, after, merge=False, **about)
        else:
            store.delete(self.kind, self.name, **about)

    def _layer_value(self, store: ConfigStore, layer: Mapping[str, Any], value: int | None) -> Any:
        """The layer's entry for the field with this value in it; None: no entry any more."""
        if self._field != "dimensions":
            return value
        code = self._code(store)
        if value is not None and self._dimension not in code:
            raise ValidationFailed(
                {"id": f"rate_limit {self.name} has no dimension {self._dimension} any more"}
            )
        limits = {
            name: own["limit"]
            for name, own in layer.get("dimensions", {}).items()
            if name in code and name != self._dimension and "limit" in own
        }
        if value is not None:
            limits[self._dimension] = value
        # One field holds all dimensions, so untuned ones are named as in the code.
        made = {
            name: {**own, "limit": limits[name]} if name in limits else own
            for name, own in code.items()
        }
        return None if made == code else made

    def _code(self, store: ConfigStore) -> Mapping[str, Mapping[str, Any]]:
        """The dimensions as the code defines them."""
        dimensions: Mapping[str, Mapping[str, Any]]
        dimensions = store.default(self.kind, self.name).to_mapping()["dimensions"]
        return dimensions

    @staticmethod
    def _layer(entry: Entry) -> Mapping[str, Any]:
        changes = (change for change in entry.layers if change.origin is Origin.TUNER)
        return next((change.values or {} for change in changes), {})


def _has_further_windows(config: RateLimitConfig) -> bool:
    """Whether there are several windows: it is not measured which of them refuses."""
    return bool(config.also) or any(one.also for one in config.dimensions)


def _limits(config: RateLimitConfig) -> dict[str, int]:
    own = {one.name: one.limit for one in config.dimensions if one.limit is not None}
    return own | {PLAIN: config.limit}
