"""Limits of guards as settings of the tuner: how each is read and written in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.monitor import BULKHEAD, PLAIN, RATE_LIMIT, Guards

from ..config_store import ConfigStore, Entry, Kind, Origin
from ..settings import BulkheadConfig, BulkheadStrategy, RateLimitConfig


def guards_of(store: ConfigStore, never: Iterable[str]) -> Guards:
    """The guards that are used or stored, but for those in ``never``, and their limits."""
    unwanted = frozenset(never)
    bulkheads = {}
    limiters = {}
    for entry in (*store.list(Kind.BULKHEAD), *store.list(Kind.RATE_LIMIT)):
        config = entry.config
        if entry.name in unwanted:
            continue
        if isinstance(config, BulkheadConfig):
            alone = config.strategy is BulkheadStrategy.NAME
            bulkheads[entry.name] = config.max_concurrent, alone
        elif isinstance(config, RateLimitConfig):
            limiters[entry.name] = _limits(config)
    return Guards(bulkheads, limiters)


class GuardLimit:
    """One limit of one guard."""

    def __init__(self, kind: Kind, name: str, dimension: str) -> None:
        """``dimension``: of a rate limit; ``PLAIN`` for its limit, and for a bulkhead."""
        self.kind, self.name, self._dimension = kind, name, dimension

    @classmethod
    def of(cls, setting: str) -> GuardLimit | None:
        """The limit that a setting is; None: it is of something else."""
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
        """What the tuner has set; None: nothing."""
        said = self._layer(store.get(self.kind, self.name)).get(self._field)
        if self._field == "dimensions" and said is not None:
            said = said.get(self._dimension, {}).get("limit")
        return None if said is None else float(said)

    def write(self, store: ConfigStore, value: float | None, author: str, reason: str) -> None:
        """Set it in the tuner's layer, or with None take back what the tuner set on this guard.

        Raises: as ``ConfigStore.set``.
        """
        entry = store.get(self.kind, self.name)
        about: Any = {"author": author, "reason": reason, "version": entry.version}
        if value is not None:
            values = {self._field: self._given(entry, int(value))}
            store.set(self.kind, self.name, values, origin=Origin.TUNER, **about)
        elif self._layer(entry):
            store.delete(self.kind, self.name, origin=Origin.TUNER, **about)

    def _given(self, entry: Entry, value: int) -> Any:
        if self._field != "dimensions":
            return value
        dimensions = entry.config.to_mapping()["dimensions"]
        return {**dimensions, self._dimension: {**dimensions[self._dimension], "limit": value}}

    @staticmethod
    def _layer(entry: Entry) -> Mapping[str, Any]:
        changes = (change for change in entry.layers if change.origin is Origin.TUNER)
        return next((change.values or {} for change in changes), {})


def _limits(config: RateLimitConfig) -> dict[str, int]:
    own = {one.name: one.limit for one in config.dimensions if one.limit is not None}
    return own | {PLAIN: config.limit}
